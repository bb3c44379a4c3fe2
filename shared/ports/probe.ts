import type { CatalogSummary } from '../domain/catalog-summary.ts';
import type { ConnectionPatch, NewConnection, StoredConnection } from '../domain/connection.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { TestResult, TestTrigger } from '../domain/test-result.ts';

/** Which connection, on whose behalf. The probe reads tenant and connection again: a call is no authority. */
export interface ProbeCall {
  readonly tenant: Tenant;
  /** 32 hex digits. */
  readonly id: string;
  /** Who asked, for the audit record. */
  readonly actor: string;
  readonly request_id: string;
}

/** An introspection that a caller has claimed; without an attempt the probe claims one itself. */
export interface IntrospectionCall extends ProbeCall {
  readonly attempt?: string;
}

export interface SavedTest extends ProbeCall {
  readonly trigger: TestTrigger;
  /** Tested as if it were saved, and not saved. */
  readonly patch?: ConnectionPatch;
  /** How often the organisation may have one host or account dialled, a minute; left out where the caller has counted already. */
  readonly destination_limit?: number;
  /** The version whose test an event asked for; a connection that is no longer waiting for it is left alone. */
  readonly awaited?: number;
}

export interface DraftTest {
  readonly tenant: Tenant;
  readonly draft: NewConnection;
  readonly request_id: string;
}

export interface CredentialsChange extends ProbeCall {
  readonly patch: ConnectionPatch;
  /** The version that the caller has seen (If-Match). */
  readonly version?: number;
}

/** What decides where a source is. */
export type DialledSource = Pick<NewConnection, 'type' | 'config' | 'options'>;

/** What an API function is handed of the probe: what it dials is counted against the caller's quotas. */
export interface MeteredProbe extends Probe {
  /** Counts a dial of that connection's source before anything is written about it. Throws `quota-exceeded`. */
  admit(connection: DialledSource & { readonly id: string }): Promise<void>;
}

/** What became of an introspection within the time that the caller would wait. */
export type Introspected =
  { readonly running: true } | { readonly running: false; readonly catalog: CatalogSummary };

/** The far side of the VPC: the only thing that reads secrets and talks to customers' sources. Throws Problems alone. */
export interface Probe {
  /** A source's fault is an answer; a connection that is not there is a Problem. Only `savedTest`s of no patch are recorded. */
  test(call: SavedTest | DraftTest): Promise<TestResult>;
  /** One at a time per connection; how it ends is stored with the connection. Waits up to `wait` ms and lets it go on in the background; 0 just starts it. */
  introspect(call: IntrospectionCall, wait: number): Promise<Introspected>;
  /** Merges, stages and promotes credentials together with the rest of the patch, in one write. */
  credentials(call: CredentialsChange): Promise<StoredConnection>;
}
