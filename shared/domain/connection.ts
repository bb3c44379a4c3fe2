import * as v from 'valibot';
import type { SslMode } from '../connectors/connector.ts';
import { problemCodes } from '../problem.ts';
import type { SecretRef } from '../ports/vault.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import { connectionOptions, type ConnectionOptions } from './connection-options.ts';
import type { Derived } from './derived.ts';
import type { IntrospectionState } from './introspection-outcome.ts';
import { TestResult } from './test-result.ts';

export { ConnectionInput, ConnectionPatch } from './connection-input.ts';

const time = v.string();
const timeOrNone = v.nullable(time);

/** State, problem code and time; without the problem itself, which `GET …/schema` answers. */
export const LastIntrospection = v.object({
  state: v.picklist(['running', 'succeeded', 'failed']),
  code: v.nullable(v.picklist(problemCodes)),
  at: time,
});

/** A connection as callers see it. */
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
    /** The destination was changed without new credentials. */
    locked: v.boolean(),
    fields: v.record(v.string(), v.object({ set_at: time, fingerprint: v.string() })),
  }),
  options: connectionOptions.Shown,
  ssl: v.object({ ca: v.nullable(v.string()), has_client_certificate: v.boolean() }),
  tunnel: v.null(),
  excluded_schemas: v.array(v.string()),
  tags: v.array(v.string()),
  metadata: v.record(v.string(), v.string()),
  status: v.picklist(['pending', 'testing', 'connected', 'failed']),
  status_reason: v.nullable(v.picklist(problemCodes)),
  last_test: v.nullable(TestResult),
  last_tested_at: timeOrNone,
  last_introspected_at: timeOrNone,
  /** How the last introspection of the source that it now names ended, or that it runs. */
  last_introspection: v.nullable(LastIntrospection),
  usages: v.number(),
  is_active: v.boolean(),
  deleted_at: timeOrNone,
  version: v.number(),
  created_at: time,
  updated_at: time,
});
export type Connection = v.InferOutput<typeof Connection>;

/** The same in a list, where authorities would fill the page. */
export const ListedConnection = v.object({
  ...Connection.entries,
  ssl: v.object({ ca_sha256: v.nullable(v.string()), has_client_certificate: v.boolean() }),
});

/** What was sent, sorted and parsed: what may be stored in one place, what may not in another. */
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
  /** `auth_method`, its fields, and `ssl_key`: for the vault and nowhere else. Platform mode: `auth_method` alone. */
  readonly credentials: Credentials;
  /** Platform mode: the caller's own secret. */
  readonly secret_arn: string | null;
}

export type Credentials = Readonly<Record<string, string>> & { readonly auth_method: string };

/** A connection as the store keeps it. It names a version of its secret; it never holds one. */
export interface StoredConnection extends Omit<NewConnection, 'credentials' | 'secret_arn'> {
  readonly id: string;
  readonly org_id: string;
  readonly environment_id: string;
  readonly auth_method: string;
  readonly secret: SecretRef | { readonly arn: string };
  /** Where the credentials may be sent; the vault's document says it again, and decides. */
  readonly bound: Destination;
  readonly credentials_version: number;
  readonly fields: Readonly<Record<string, { readonly set_at: string; readonly fingerprint: string }>>;
  readonly status: Connection['status'];
  readonly status_reason: Connection['status_reason'];
  readonly last_test: Derived<TestResult> | null;
  /** Failed authentications in a row with the credentials that `refusals_of` names. */
  readonly refusals: number;
  readonly refusals_of: string | null;
  /** The version for which a test is awaited; each new value sends one event. */
  readonly awaits_test: number | null;
  /** May be of a source that the connection no longer names: read by `derived.ts`, as are the other derived attributes. */
  readonly catalog: Derived<CatalogSummary> | null;
  /** The one before, still there for who is paging through it. */
  readonly previous_catalog: Derived<CatalogSummary> | null;
  readonly last_introspection: IntrospectionState | null;
  /** By consumer: when its usage ends (seconds since the epoch), 0 for never. */
  readonly usages: Readonly<Record<string, number>>;
  readonly deleted_at: string | null;
  /** Counts the changes that callers made. */
  readonly version: number;
  /** Counts every write; what optimistic locking goes by. */
  readonly revision: number;
  /** What the last write was, for the event that it becomes. */
  readonly cause: 'created' | 'updated' | 'tested' | 'introspected' | 'used' | 'deleted' | 'restored';
  readonly created_at: string;
  readonly updated_at: string;
}

/** Field by field where credentials go, with the least TLS that they may go with. */
export type Destination = Readonly<Record<string, string>> & { readonly ssl_mode: SslMode };
