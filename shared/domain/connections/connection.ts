import * as v from 'valibot';
import type { SslMode } from '../../connectors/connector.ts';
import { problemCodes } from '../../problem.ts';
import type { SecretRef } from '../../ports/vault.ts';
import type { CatalogSummary } from '../catalog/catalog-summary.ts';
import { connectionOptions, type ConnectionOptions } from './connection-options.ts';
import type { StoredProblem } from '../stored-problem.ts';
import { ConnectionHealth } from '../health/health-schema.ts';
import type { DecidedStatus } from '../health/decide-status.ts';
import { TestResult, type TestTrigger } from '../testing/test-result.ts';

export { ConnectionInput, ConnectionPatch } from './connection-input.ts';

export const connectionStatuses = ['pending', 'testing', 'connected', 'degraded', 'failed'] as const;

const TimeText = v.string();
const NullableTimeText = v.nullable(TimeText);

/** Without the problem itself, which `GET …/schema` returns. */
export const LastIntrospection = v.object({
  state: v.picklist(['running', 'succeeded', 'failed']),
  code: v.nullable(v.picklist(problemCodes)),
  at: TimeText,
});

/** A connection as the API returns it. */
export const Connection = v.object({
  id: v.string(),
  org_id: v.string(),
  environment_id: v.string(),
  name: v.string(),
  description: v.nullable(v.string()),
  type: v.string(),
  flavor: v.nullable(v.string()),
  role: v.picklist(['source', 'target']),
  mode: v.picklist(['managed', 'platform']),
  product: v.nullable(v.string()),
  config: v.record(v.string(), v.unknown()),
  credentials: v.object({
    auth_method: v.string(),
    version: v.number(),
    /** True if the destination was changed without new credentials. */
    locked: v.boolean(),
    fields: v.record(v.string(), v.object({ set_at: TimeText, fingerprint: v.string() })),
  }),
  options: connectionOptions.Shown,
  ssl: v.object({ ca: v.nullable(v.string()), has_client_certificate: v.boolean() }),
  tunnel: v.null(),
  excluded_schemas: v.array(v.string()),
  tags: v.array(v.string()),
  metadata: v.record(v.string(), v.string()),
  status: v.picklist(connectionStatuses),
  status_reason: v.nullable(v.picklist(problemCodes)),
  /** Null if the connection is deleted. */
  health: v.nullable(ConnectionHealth),
  last_test: v.nullable(TestResult),
  last_tested_at: NullableTimeText,
  last_introspected_at: NullableTimeText,
  /** The state of the last introspection, if it was of the source that the connection now names. */
  last_introspection: v.nullable(LastIntrospection),
  usages: v.number(),
  is_active: v.boolean(),
  deleted_at: NullableTimeText,
  version: v.number(),
  created_at: TimeText,
  updated_at: TimeText,
});
export type Connection = v.InferOutput<typeof Connection>;

/** A connection in a list. Certificates of authorities would fill the page, so it has their hash. */
export const ListedConnection = v.object({
  ...Connection.entries,
  ssl: v.object({ ca_sha256: v.nullable(v.string()), has_client_certificate: v.boolean() }),
});

/** A parsed and validated request to create a connection. */
export interface NewConnection {
  readonly name: string;
  readonly description: string | null;
  readonly type: string;
  readonly flavor: string | null;
  readonly role: 'source' | 'target';
  readonly mode: 'managed' | 'platform';
  readonly product: string | null;
  readonly config: Readonly<Record<string, unknown>>;
  readonly options: ConnectionOptions;
  readonly ssl: { readonly ca: string | null; readonly cert: string | null };
  readonly excluded_schemas: readonly string[];
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** `auth_method`, its fields, and `ssl_key`. They go only to the vault. In platform mode: only `auth_method`. */
  readonly credentials: Credentials;
  /** In platform mode: the caller's own secret. */
  readonly secret_arn: string | null;
}

export type Credentials = Readonly<Record<string, string>> & { readonly auth_method: string };

/** Data that was derived from a connection, with the `hashDerivation` of the settings that it depends on. */
export type Derived<T> = T & {
  /** Absent in data of releases that did not write it. Such data is current until the connection is updated. */
  readonly of?: string;
};

/** The state of the last introspection of a connection, as it is stored. */
export interface IntrospectionState {
  readonly state: 'running' | 'succeeded' | 'failed';
  /** The id of the attempt. Only a call that names it can end the attempt. */
  readonly attempt: string;
  /** `hashDerivation('introspection')` of the introspected connection. */
  readonly of: string;
  readonly began_at: string;
  /** The time of the transition to this state. */
  readonly at: string;
  /** The number of consecutive failed attempts; while an attempt runs, the number before it. */
  readonly failures: number;
  readonly problem: StoredProblem | null;
  /** Whether the attempt drops columns of sampled tables that only earlier introspections found. */
  readonly forget?: boolean;
  /** The value of `forget` for the next attempt, if it was requested while this one was running. */
  readonly forget_next?: boolean;
}

/** A connection as the store keeps it. It names a version of its secret and never contains a secret. */
export interface StoredConnection extends Omit<NewConnection, 'credentials' | 'secret_arn'> {
  readonly id: string;
  readonly org_id: string;
  readonly environment_id: string;
  readonly auth_method: string;
  readonly secret: SecretRef | { readonly arn: string };
  /** Where the credentials may be sent. The copy in the vault's document decides. */
  readonly bound: Destination;
  readonly credentials_version: number;
  readonly fields: Readonly<Record<string, { readonly set_at: string; readonly fingerprint: string }>>;
  readonly status: Connection['status'];
  readonly status_reason: Connection['status_reason'];
  readonly last_test: Derived<TestResult> | null;
  /** The number of consecutive failed authentications with the credentials that `refusals_of` identifies. */
  readonly refusals: number;
  readonly refusals_of: string | null;
  /** In platform mode: the version of the caller's secret that was refused. */
  readonly refusals_version: string | null;
  /** Since when automatic tests are paused. Valid while `isLoginPaused` holds. */
  readonly paused_since: string | null;
  /** The last status that a test decided, and since when the connection has it. `testing` and `pending` do not change it. */
  readonly decided_status: DecidedStatus | null;
  readonly decided_at: string | null;
  /** What caused the test in `last_test`. */
  readonly tested_by: TestTrigger | null;
  /** The version that awaits a test. Each new value sends one event. */
  readonly awaits_test: number | null;
  /** May belong to a source that the connection no longer names. Read this and the other derived attributes through `derived-data.ts`. */
  readonly catalog: Derived<CatalogSummary> | null;
  /** The previous catalog, kept for callers that are still paging through it. */
  readonly previous_catalog: Derived<CatalogSummary> | null;
  readonly last_introspection: IntrospectionState | null;
  /** By consumer: the end of its usage in seconds since the epoch, or 0 if it does not end. */
  readonly usages: Readonly<Record<string, number>>;
  /** When a usage was last added, renewed or removed. */
  readonly used_at: string | null;
  readonly deleted_at: string | null;
  /** Incremented by each update that a caller makes. */
  readonly version: number;
  /** Incremented by each write; used for optimistic locking. */
  readonly revision: number;
  /** The kind of the last write. It decides which event is sent. */
  readonly cause: 'created' | 'updated' | 'tested' | 'introspected' | 'used' | 'deleted' | 'restored';
  readonly created_at: string;
  readonly updated_at: string;
}

/** The fields that identify where credentials are sent, and the weakest TLS mode that is allowed. */
export type Destination = Readonly<Record<string, string>> & { readonly ssl_mode: SslMode };
