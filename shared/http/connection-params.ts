import * as v from 'valibot';
import type { StoredConnection } from '../domain/connections/connection.ts';
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
export const createConnectionReply = (stored: StoredConnection, now: number, settled = false) =>
  reply(presentConnection(stored, now), {
    etag: toEntityTag(stored, countEndedUsages(stored, now) + Number(settled)),
  });

const consumerPattern = /^[A-Za-z0-9._:-]{1,100}$/;

export const isConsumerName = (text: string): boolean => consumerPattern.test(text);

/** The path parameters of a connection and one of its consumers. */
export const consumerParams = v.object({
  id: ConnectionId,
  consumer: v.pipe(v.string(), v.regex(consumerPattern, '1 to 100 letters, digits, . _ : or -')),
});
