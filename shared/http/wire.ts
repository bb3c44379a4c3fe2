import * as v from 'valibot';
import type { StoredConnection } from '../domain/connection.ts';
import { countEndedUsages, entityTag, show } from '../domain/show.ts';
import { reply } from './endpoint.ts';

/** `conn_…` outside, its 32 hex digits inside. */
export const ConnectionId = v.pipe(
  v.string(),
  v.regex(/^conn_[0-9a-f]{32}$/, 'an id of the form conn_…'),
  v.transform((id) => id.slice(5)),
);

export const byId = v.object({ id: ConnectionId });

/** A connection as an answer, with the tag that a change of it may name; `settled` where its introspection turned out to be lost. */
export const connectionReply = (stored: StoredConnection, now: number, settled = false) =>
  reply(show(stored, now), { etag: entityTag(stored, countEndedUsages(stored, now) + Number(settled)) });

const consumerForm = /^[A-Za-z0-9._:-]{1,100}$/;

export const isConsumer = (text: string): boolean => consumerForm.test(text);

/** A connection and one of its consumers. */
export const byConsumer = v.object({
  id: ConnectionId,
  consumer: v.pipe(v.string(), v.regex(consumerForm, '1 to 100 letters, digits, . _ : or -')),
});
