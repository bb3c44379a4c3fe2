import * as v from 'valibot';
import type { Tenant } from '../domain/access/tenant.ts';
import type { StoredConnection } from '../domain/connections/connection.ts';
import { findHealth } from '../domain/health/list-health.ts';
import type { TestedConnection } from '../domain/health/find-tested-connection.ts';
import type { ReadStore } from '../ports/store.ts';
import {
  countEndedUsages,
  toEntityTag,
  presentConnection,
} from '../domain/connections/present-connection.ts';
import { reply } from './endpoint.ts';

/** Parses the public form `conn_…` to the internal 32 hex digits. */
export const ConnectionId = v.pipe(
  v.string(),
  v.regex(/^conn_[0-9a-f]{32}$/, 'an id of the form conn_…'),
  v.transform((id) => id.slice(5)),
);

export const connectionParams = v.object({ id: ConnectionId });

/** Creates an answer with a connection and its ETag. `settled`: whether its introspection was found to be lost, which changes the ETag. */
export const createConnectionReply = ({ stored, health }: TestedConnection, now: number, settled = false) =>
  reply(presentConnection(stored, health, now), {
    etag: toEntityTag(stored, health, countEndedUsages(stored, now) + Number(settled)),
  });

/** Waits for a change of a connection, and reads its health at the same time, for the answer. */
export const withHealth = async (
  store: ReadStore,
  { tenant, id }: { readonly tenant: Tenant; readonly id: string },
  changing: Promise<StoredConnection>,
): Promise<TestedConnection> => {
  const [stored, health] = await Promise.all([changing, findHealth(store, tenant, id)]);
  return { stored, health };
};

const consumerPattern = /^[A-Za-z0-9._:-]{1,100}$/;

export const isConsumerName = (text: string): boolean => consumerPattern.test(text);

/** The path parameters of a connection and one of its consumers. */
export const consumerParams = v.object({
  id: ConnectionId,
  consumer: v.pipe(v.string(), v.regex(consumerPattern, '1 to 100 letters, digits, . _ : or -')),
});
