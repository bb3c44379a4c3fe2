import type { CatalogSummary } from '../domain/catalog/catalog-summary.ts';
import type { ConnectionPatch, NewConnection, StoredConnection } from '../domain/connections/connection.ts';
import type { Tenant } from '../domain/access/tenant.ts';
import type { TestResult, TestTrigger } from '../domain/testing/test-result.ts';

/** The connection, and the caller on whose behalf the probe acts. The probe reads the connection itself: a call proves nothing. */
export interface ProbeCall {
  readonly tenant: Tenant;
  /** 32 hex digits. */
  readonly id: string;
  /** The actor, for the audit record. */
  readonly actor: string;
  readonly request_id: string;
}

/** An introspection whose lease the caller holds. Without `attempt`, the probe takes the lease itself. */
export interface IntrospectionCall extends ProbeCall {
  readonly attempt?: string;
}

export interface SavedTest extends ProbeCall {
  readonly trigger: TestTrigger;
  /** Applied for the test only, and not saved. */
  readonly patch?: ConnectionPatch;
  /** The organisation's limit of dials per minute to one host or account. Absent if the caller has counted the dial already. */
  readonly destination_limit?: number;
  /** The version whose test an event requested. The test is skipped if the connection no longer waits for it. */
  readonly awaited?: number;
  /** When a scheduled test is due, in milliseconds since the epoch. The test is skipped if it was made already, or is older than its interval. */
  readonly due?: number;
  /** The `seq` of the health item for which a retry was planned. The test is skipped if the item has another one. */
  readonly seq?: number;
}

export interface DraftTest {
  readonly tenant: Tenant;
  readonly draft: NewConnection;
  readonly request_id: string;
}

export interface CredentialsChange extends ProbeCall {
  readonly patch: ConnectionPatch;
  /** The version that the caller expects (If-Match). */
  readonly version?: number;
}

/** The settings that determine the address of a source. */
export type DialledSource = Pick<NewConnection, 'type' | 'config' | 'options'>;

/** The probe as an API function receives it: counts dials against the caller's quotas. */
export interface MeteredProbe extends Probe {
  /** Counts a dial of the connection's source before anything is written. Throws `quota-exceeded`. */
  admit(connection: DialledSource & { readonly id: string }): Promise<void>;
}

/** The state of an introspection when the caller's wait ends. */
export type IntrospectionAnswer =
  { readonly running: true } | { readonly running: false; readonly catalog: CatalogSummary };

/** Runs in the VPC: the only part that reads secrets and connects to customers' sources. Throws only `Problem`s. */
export interface Probe {
  /** Returns a failure of the source as a result; throws if the connection does not exist. Only a `SavedTest` without a patch is recorded. */
  test(call: SavedTest | DraftTest): Promise<TestResult>;
  /**
   * Runs one introspection at a time per connection and stores its outcome with the connection. Waits up to `wait` ms, then leaves it in
   * the background; 0 only starts it.
   */
  introspect(call: IntrospectionCall, wait: number): Promise<IntrospectionAnswer>;
  /** Merges and stages the credentials, then promotes them together with the rest of the patch in one write. */
  credentials(call: CredentialsChange): Promise<StoredConnection>;
}
