import { createHash } from 'node:crypto';
import type { ItemKey } from '../ports/store.ts';
import type { Tenant } from './access/tenant.ts';

const toTenantPartition = (prefix: string, { org, environment }: Tenant) => `${prefix}#${org}#${environment}`;

/** The keys of all items in the single table. Each key of a tenant starts with the tenant. */
export const tableKeys = {
  tenantPartition: (tenant: Tenant) => toTenantPartition('T', tenant),
  connection: (tenant: Tenant, id: string): ItemKey => ({
    pk: toTenantPartition('T', tenant),
    sk: `CONN#${id}`,
  }),
  deleted: (tenant: Tenant, id: string): ItemKey => ({
    pk: toTenantPartition('T', tenant),
    sk: `GONE#${id}`,
  }),
  name: (tenant: Tenant, name: string): ItemKey => ({
    pk: toTenantPartition('T', tenant),
    sk: `NAME#${foldConnectionName(name)}`,
  }),
  idempotency: (tenant: Tenant, key: string): ItemKey => ({
    pk: toTenantPartition('T', tenant),
    sk: `IDEM#${hashKeyPart(key)}`,
  }),
  /** The partition of everything that belongs to one connection: usages, tests, audit records, the lease. */
  connectionPartition: (tenant: Tenant, id: string) => `${toTenantPartition('C', tenant)}#${id}`,
  usage: (tenant: Tenant, id: string, consumer: string): ItemKey => ({
    pk: tableKeys.connectionPartition(tenant, id),
    sk: `USE#${consumer}`,
  }),
  test: (tenant: Tenant, id: string, time: string, test: string): ItemKey => ({
    pk: tableKeys.connectionPartition(tenant, id),
    sk: `TEST#${time}#${test}`,
  }),
  audit: (tenant: Tenant, id: string, time: string, record: string): ItemKey => ({
    pk: tableKeys.connectionPartition(tenant, id),
    sk: `AUDIT#${time}#${record}`,
  }),
  /** Held by the running introspection of a connection. There is at most one. */
  lease: (tenant: Tenant, id: string): ItemKey => ({
    pk: tableKeys.connectionPartition(tenant, id),
    sk: 'LEASE',
  }),
  /** What is known about a connection over time. Next to the connection, so that a page of a list reads both in two range queries. */
  health: (tenant: Tenant, id: string): ItemKey => ({
    pk: toTenantPartition('T', tenant),
    sk: `HEALTH#${id}`,
  }),
  /** A batch test: its header (`BATCH`), its connections in chunks (`MEMBERS#0`), and a result per connection. */
  batch: (tenant: Tenant, batch: string, sk: string): ItemKey => ({
    pk: `${toTenantPartition('B', tenant)}#${batch}`,
    sk,
  }),
  batchResult: (tenant: Tenant, batch: string, id: string): ItemKey =>
    tableKeys.batch(tenant, batch, `RESULT#${id}`),
  /** The health summary of a tenant: counters in shards, what was counted of each connection, and the failing ones by time. */
  summary: (tenant: Tenant, sk: string): ItemKey => ({ pk: toTenantPartition('S', tenant), sk }),
  summaryCounters: (tenant: Tenant, shard: number): ItemKey => tableKeys.summary(tenant, `COUNT#${shard}`),
  summaryEntry: (tenant: Tenant, id: string): ItemKey => tableKeys.summary(tenant, `ENTRY#${id}`),
  summaryFailing: (tenant: Tenant, since: string, id: string): ItemKey =>
    tableKeys.summary(tenant, `FAIL#${since}#${id}`),
  /** Connections that use a secret of AWS Secrets Manager in platform mode, by its ARN without the random suffix. */
  secretTriggerPartition: (arn: string) => `ARN#${arn}`,
  /** Connections to an endpoint of Amazon RDS. */
  rdsTriggerPartition: (region: string, identifier: string) => `RDS#${region}#${identifier}`,
  quota: (org: string, window: string): ItemKey => ({ pk: `Q#${org}`, sk: window }),
  apiKey: (secret: string): ItemKey => ({ pk: `KEY#${hashKeyPart(secret)}`, sk: 'KEY' }),
  /** The same key in the list of all keys, by its id. */
  apiKeyEntry: (id: string): ItemKey => ({ pk: 'KEYS', sk: id }),
  /** The mark of this store. The vault has a copy (`store-mark.ts`). */
  storeMark: { pk: 'STORE', sk: 'MARK' } satisfies ItemKey,
  /** All snapshots that may have blocks, by tenant, connection and snapshot. */
  snapshotsPartition: 'SNAPSHOTS',
  snapshot: (tenant: Tenant, id: string, snapshot: string): ItemKey => ({
    pk: 'SNAPSHOTS',
    sk: `${toTenantPartition('C', tenant)}#${id}#${snapshot}`,
  }),
} as const;

const hashKeyPart = (text: string) => createHash('sha256').update(text).digest('hex');

/**
 * Names are compared without case. Long names are hashed, because a sort key has at most 1 024 bytes, and lower case may need more bytes.
 */
const foldConnectionName = (name: string) => {
  const text = name.normalize('NFC').toLowerCase();
  return Buffer.byteLength(text) <= 900 ? text : `${text.slice(0, 200)}#${hashKeyPart(text)}`;
};
