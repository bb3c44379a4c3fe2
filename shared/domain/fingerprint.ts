import { createHmac } from 'node:crypto';
import type { Credentials, StoredConnection } from './connection.ts';

/** Tells whether a field has changed and nothing else: equal secrets of two connections or two fields do not look equal. */
export const fingerprint = (key: Uint8Array, connection: string, field: string, value: string): string =>
  createHmac('sha256', key).update(`${connection}\0${field}\0${value}`).digest('hex').slice(0, 32);

/** The `fields` of a set of credentials; a field whose value did not change keeps its time. */
export const fieldsOf = (
  key: Uint8Array,
  connection: string,
  { auth_method: _, ...credentials }: Credentials,
  before: StoredConnection['fields'],
  now: number,
): StoredConnection['fields'] =>
  Object.fromEntries(
    Object.entries(credentials).map(([field, value]) => {
      const print = fingerprint(key, connection, field, value);
      const known = before[field];
      return [
        field,
        known?.fingerprint === print ? known : { set_at: new Date(now).toISOString(), fingerprint: print },
      ];
    }),
  );

/** A keyed hash of a request's body, which may hold a secret. */
export const bodyHash = (key: Uint8Array, body: string): string =>
  createHmac('sha256', key).update(`body\0${body}`).digest('hex');
