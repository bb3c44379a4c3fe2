import * as v from 'valibot';
import { tryParseJson } from '../../json.ts';
import type { TestMessage } from '../../ports/queue.ts';
import { testTriggers } from '../testing/test-result.ts';

const Message = v.object({
  org_id: v.string(),
  environment_id: v.string(),
  connection_id: v.string(),
  trigger: v.picklist(testTriggers),
  request_id: v.string(),
  actor: v.exactOptional(v.string()),
  awaited: v.exactOptional(v.number()),
  due: v.exactOptional(v.number()),
  interval: v.exactOptional(v.number()),
  seq: v.exactOptional(v.number()),
  batch: v.exactOptional(v.string()),
});

/** A message of release 0.1.0: an event in EventBridge's envelope. */
const EarlierMessage = v.object({
  detail: v.object({
    event_id: v.string(),
    type: v.string(),
    org_id: v.string(),
    environment_id: v.string(),
    connection_id: v.pipe(v.string(), v.regex(/^conn_/)),
    version: v.number(),
  }),
});

/** Parses a message of the queue for tests, of this release or the one before. Throws if it holds no test. */
export const parseTestMessage = (body: string): TestMessage => {
  const value = tryParseJson(body);
  const message = v.safeParse(Message, value);
  if (message.success) return message.output;
  const earlier = v.safeParse(EarlierMessage, value);
  // Without the messages of valibot: they quote what was received.
  if (!earlier.success) throw new TypeError('A message of the queue holds no test');
  const { event_id, type, org_id, environment_id, connection_id, version } = earlier.output.detail;
  return {
    org_id,
    environment_id,
    connection_id: connection_id.slice('conn_'.length),
    trigger: type === 'connection.created' ? 'create' : 'change',
    request_id: event_id,
    awaited: version,
  };
};
