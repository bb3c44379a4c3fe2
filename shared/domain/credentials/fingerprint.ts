import { createHmac } from 'node:crypto';
import type { Credentials, StoredConnection } from '../connections/connection.ts';

/** Reveals only whether a field has changed: equal secrets of two connections or two fields have different fingerprints. */
export const createFingerprint = (
  key: Uint8Array,
  connection: string,
  field: string,
  value: string,
): string => createHmac('sha256', key).update(`${connection}\0${field}\0${value}`).digest('hex').slice(0, 32);

/** Computes the `fields` of a set of credentials. A field whose value did not change keeps its `set_at`. */
export const fingerprintFields = (
  key: Uint8Array,
  connection: string,
  { auth_method: _, ...credentials }: Credentials,
  before: StoredConnection['fields'],
  now: number,
): StoredConnection['fields'] =>
  Object.fromEntries(
    Object.entries(credentials).map(([field, value]) => {
      const print = createFingerprint(key, connection, field, value);
      const known = before[field];
      return [
        field,
        known?.fingerprint === print ? known : { set_at: new Date(now).toISOString(), fingerprint: print },
      ];
    }),
  );

/** Hashes the body of a request with a key, because the body may contain a secret. */
export const hashRequestBody = (key: Uint8Array, body: string): string =>
  createHmac('sha256', key).update(`body\0${body}`).digest('hex');
