import * as v from 'valibot';
import { stepNames } from '../../network/dialer.ts';
import { problemCodes } from '../../problem.ts';
import type { DecidedStatus } from '../health/decide-status.ts';
import { testTriggers } from '../testing/test-result.ts';

const decidedStatuses = ['connected', 'degraded', 'failed'] as const satisfies readonly DecidedStatus[];

/** The fields of a connection that an update can change, as `connection.updated` names them. */
export const updatedFields = [
  'name',
  'description',
  'flavor',
  'role',
  'product',
  'config',
  'credentials',
  'options',
  'ssl',
  'excluded_schemas',
  'tags',
  'metadata',
] as const;

const EventTime = v.pipe(v.string(), v.isoTimestamp(), v.description('ISO 8601, in UTC.'));
const EventCode = v.nullable(v.pipe(v.picklist(problemCodes), v.description('A problem code.')));
const EventBlame = v.nullable(
  v.picklist(['request', 'credentials', 'permissions', 'server', 'network', 'mooring']),
);

/** The connection right after the change. Only names and tags are texts of users. */
const EventConnection = v.strictObject({
  id: v.pipe(v.string(), v.description('`conn_…`.')),
  name: v.string(),
  type: v.pipe(v.string(), v.description('The connector.')),
  status: v.picklist(['pending', 'testing', ...decidedStatuses]),
  tags: v.array(v.string()),
  version: v.pipe(v.number(), v.description('Incremented by each update that a caller makes.')),
  sequence: v.pipe(
    v.number(),
    v.description('Incremented by each write. It orders the events of one connection.'),
  ),
});

const EventTest = v.strictObject({
  status: v.picklist(['connected', 'failed']),
  code: EventCode,
  latency_ms: v.nullable(v.number()),
  trigger: v.nullable(v.picklist(testTriggers)),
  tested_at: EventTime,
  steps: v.array(
    v.strictObject({
      step: v.picklist(stepNames),
      status: v.picklist(['passed', 'warning', 'failed', 'skipped']),
      code: EventCode,
    }),
  ),
});

const createEventSchema = <const T extends string, const D extends v.ObjectEntries>(type: T, data: D) =>
  v.strictObject({
    id: v.pipe(
      v.string(),
      v.regex(/^evt_[0-9a-f]{32}$/),
      v.description('The same for every delivery of the event.'),
    ),
    type: v.literal(type),
    timestamp: EventTime,
    org_id: v.string(),
    environment_id: v.string(),
    data: v.strictObject(data),
  });

const defineConnectionEvent = <const T extends string, const D extends v.ObjectEntries>(
  type: T,
  when: string,
  data: D,
) => ({ when, schema: createEventSchema(type, { connection: EventConnection, ...data }) });

/** The events of connections: when each is published, and its schema. The body is the same on the bus, in the API and to webhooks. */
export const connectionEventTypes = {
  'connection.created': defineConnectionEvent('connection.created', 'A connection was created.', {}),
  'connection.updated': defineConnectionEvent(
    'connection.updated',
    'A caller updated a connection. `changed` names the fields, never their values.',
    { changed: v.array(v.picklist(updatedFields)) },
  ),
  'connection.deleted': defineConnectionEvent(
    'connection.deleted',
    'A connection was deleted. It can be restored for 30 days.',
    {},
  ),
  'connection.restored': defineConnectionEvent(
    'connection.restored',
    'A deleted connection was restored.',
    {},
  ),
  'connection.status_changed': defineConnectionEvent(
    'connection.status_changed',
    'A test decided another status than the decision before. `from` is null for the first decision; `testing` and `pending` are no decisions.',
    {
      from: v.nullable(v.picklist(decidedStatuses)),
      to: v.picklist(decidedStatuses),
      code: EventCode,
      blame: EventBlame,
      since: EventTime,
    },
  ),
  'connection.tested': defineConnectionEvent(
    'connection.tested',
    'A test that a caller or an event requested ended, or a scheduled test with another outcome than the test before.',
    { test: EventTest },
  ),
  'credentials.locked': defineConnectionEvent(
    'credentials.locked',
    'The destination was changed without new credentials. Mooring does not send the stored ones there.',
    {},
  ),
  'catalog.refreshed': defineConnectionEvent(
    'catalog.refreshed',
    'An introspection stored a new catalog. `complete` is false if something is missing in it.',
    { catalog: v.strictObject({ tables: v.number(), columns: v.number(), complete: v.boolean() }) },
  ),
  'catalog.refresh_failed': defineConnectionEvent(
    'catalog.refresh_failed',
    'An introspection failed. The catalog before it is kept.',
    { code: EventCode, blame: EventBlame, failures: v.pipe(v.number(), v.description('In a row.')) },
  ),
  'usage.added': defineConnectionEvent('usage.added', 'A consumer began to use a connection.', {
    consumer: v.string(),
    expires_at: v.nullable(EventTime),
  }),
  'usage.removed': defineConnectionEvent('usage.removed', 'A consumer ended its use of a connection.', {
    consumer: v.string(),
  }),
} as const;

/** Events that are put on the bus only. */
export const busEventTypes = {
  'webhook.disabled': {
    when: 'A webhook was disabled, because its receiver failed for five days or answered 410.',
    schema: createEventSchema('webhook.disabled', {
      webhook: v.strictObject({ id: v.string(), description: v.nullable(v.string()) }),
      reason: v.picklist(['failures', 'gone']),
    }),
  },
} as const;

/** All types of events. */
export const eventTypes = { ...connectionEventTypes, ...busEventTypes } as const;

export type ConnectionEventType = keyof typeof connectionEventTypes;
export type EventType = keyof typeof eventTypes;

/** An event of a connection, of one of the given types. */
export type PublishedConnectionEvent<T extends ConnectionEventType = ConnectionEventType> = v.InferOutput<
  (typeof connectionEventTypes)[T]['schema']
>;
export type PublishedEvent = v.InferOutput<(typeof eventTypes)[EventType]['schema']>;
