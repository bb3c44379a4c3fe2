import { createHash } from 'node:crypto';
import type { Key } from '../ports/store.ts';
import type { Tenant } from './tenant.ts';

const tenantKey = (prefix: string, { org, environment }: Tenant) => `${prefix}#${org}#${environment}`;

/** The keys of all items in the single table. Each key of a tenant starts with the tenant. */
export const keys = {
  tenant: (tenant: Tenant) => tenantKey('T', tenant),
  connection: (tenant: Tenant, id: string): Key => ({ pk: tenantKey('T', tenant), sk: `CONN#${id}` }),
  deleted: (tenant: Tenant, id: string): Key => ({ pk: tenantKey('T', tenant), sk: `GONE#${id}` }),
  name: (tenant: Tenant, name: string): Key => ({ pk: tenantKey('T', tenant), sk: `NAME#${folded(name)}` }),
  idempotency: (tenant: Tenant, key: string): Key => ({
    pk: tenantKey('T', tenant),
    sk: `IDEM#${sha256(key)}`,
  }),
  /** The partition of everything that belongs to one connection: usages, tests, audit records, the lease. */
  around: (tenant: Tenant, id: string) => `${tenantKey('C', tenant)}#${id}`,
  usage: (tenant: Tenant, id: string, consumer: string): Key => ({
    pk: keys.around(tenant, id),
    sk: `USE#${consumer}`,
  }),
  test: (tenant: Tenant, id: string, time: string, test: string): Key => ({
    pk: keys.around(tenant, id),
    sk: `TEST#${time}#${test}`,
  }),
  audit: (tenant: Tenant, id: string, time: string, record: string): Key => ({
    pk: keys.around(tenant, id),
    sk: `AUDIT#${time}#${record}`,
  }),
  /** Held by the running introspection of a connection. There is at most one. */
  lease: (tenant: Tenant, id: string): Key => ({ pk: keys.around(tenant, id), sk: 'LEASE' }),
  quota: (org: string, window: string): Key => ({ pk: `Q#${org}`, sk: window }),
  apiKey: (secret: string): Key => ({ pk: `KEY#${sha256(secret)}`, sk: 'KEY' }),
  /** The same key in the list of all keys, by its id. */
  apiKeyEntry: (id: string): Key => ({ pk: 'KEYS', sk: id }),
  /** The mark of this store. The vault has a copy (`store-mark.ts`). */
  storeMark: { pk: 'STORE', sk: 'MARK' } satisfies Key,
  /** All snapshots that may have blocks, by tenant, connection and snapshot. */
  snapshots: 'SNAPSHOTS',
  snapshot: (tenant: Tenant, id: string, snapshot: string): Key => ({
    pk: 'SNAPSHOTS',
    sk: `${tenantKey('C', tenant)}#${id}#${snapshot}`,
  }),
} as const;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/**
 * Names are compared without case. Long names are hashed, because a sort key has at most 1 024 bytes, and lower case may need more bytes.
 */
const folded = (name: string) => {
  const text = name.normalize('NFC').toLowerCase();
  return Buffer.byteLength(text) <= 900 ? text : `${text.slice(0, 200)}#${sha256(text)}`;
};
