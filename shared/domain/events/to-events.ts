import { createHash } from 'node:crypto';
import { parseInput } from '../../parse-input.ts';
import type { TestMessage } from '../../ports/queue.ts';
import { type ProblemCode, problemCodes, problems } from '../../problem.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { hasLockedCredentials } from '../connections/present-connection.ts';
import { toPublicId } from '../id.ts';
import { isJsonEqual } from '../json-equal.ts';
import {
  type ConnectionEventType,
  connectionEventTypes,
  type PublishedConnectionEvent,
  updatedFields,
} from './event-types.ts';

/** The fields of an event's `data` besides the connection. */
type EventDetail<T extends ConnectionEventType> = Omit<PublishedConnectionEvent<T>['data'], 'connection'>;

/**
 * Converts a write of a connection to the events that it means, in the order of their publication. Pure: the same images give the same
 * events. `before` is absent for a new item: a create, a delete or a restore.
 */
export const toEvents = (
  before: StoredConnection | undefined,
  after: StoredConnection,
): PublishedConnectionEvent[] => {
  if (before?.revision === after.revision) return [];
  const found: PublishedConnectionEvent[] = [];
  const add = <T extends ConnectionEventType>(type: T, detail: EventDetail<T> | undefined) => {
    if (detail) found.push(createEvent(type, after, detail));
  };
  if (after.cause === 'created') add('connection.created', {});
  if (after.cause === 'updated') add('connection.updated', { changed: listUpdatedFields(before, after) });
  if (after.cause === 'deleted') add('connection.deleted', {});
  if (after.cause === 'restored') add('connection.restored', {});
  add('connection.tested', describeTest(before, after));
  add('connection.status_changed', describeDecision(before, after));
  if (before && !hasLockedCredentials(before) && hasLockedCredentials(after)) add('credentials.locked', {});
  if (before && hasEndedIntrospection(before, after)) {
    add('catalog.refreshed', describeCatalog(after));
    add('catalog.refresh_failed', describeFailedIntrospection(after));
  }
  if (before && after.cause === 'used') {
    add('usage.added', describeAddedUsage(before, after));
    add('usage.removed', describeRemovedUsage(before, after));
  }
  return found;
};

/** The test that a write of a connection requests. */
export const toTestMessage = (
  before: StoredConnection | undefined,
  after: StoredConnection,
): TestMessage | undefined =>
  after.awaits_test === null || after.awaits_test === before?.awaits_test
    ? undefined
    : {
        org_id: after.org_id,
        environment_id: after.environment_id,
        connection_id: after.id,
        trigger: after.cause === 'created' ? 'create' : 'change',
        request_id: createEventId(after, `connection.${after.cause}`),
        awaited: after.awaits_test,
      };

const createEventId = ({ id, revision }: StoredConnection, type: string): string =>
  `evt_${createHash('sha256').update(`event\0${id}\0${revision}\0${type}`).digest('hex').slice(0, 32)}`;

/** Checks the event, so that nothing but what the schema names is published. Throws if a stored value has another form. */
const createEvent = <T extends ConnectionEventType>(
  type: T,
  after: StoredConnection,
  detail: EventDetail<T>,
): PublishedConnectionEvent =>
  parseInput(connectionEventTypes[type].schema, {
    id: createEventId(after, type),
    type,
    timestamp: readChangeTime(after),
    org_id: after.org_id,
    environment_id: after.environment_id,
    data: {
      connection: {
        id: toPublicId(after.id),
        name: after.name,
        type: after.type,
        status: after.status,
        tags: [...after.tags],
        version: after.version,
        sequence: after.revision,
      },
      ...detail,
    },
  });

/** When the write was made. A test does not change `updated_at`. */
const readChangeTime = (after: StoredConnection): string => {
  const tested = after.last_test?.tested_at ?? '';
  switch (after.cause) {
    case 'deleted':
      return after.deleted_at ?? after.updated_at;
    case 'tested':
      return tested > after.updated_at ? tested : after.updated_at;
    case 'introspected':
      return after.last_introspection?.at ?? after.updated_at;
    case 'used':
      return after.used_at ?? after.updated_at;
    default:
      return after.updated_at;
  }
};

const listUpdatedFields = (before: StoredConnection | undefined, after: StoredConnection) =>
  before
    ? updatedFields.filter(
        (name) => !isJsonEqual(readUpdatedField(before, name), readUpdatedField(after, name)),
      )
    : [];

const readUpdatedField = (stored: StoredConnection, name: (typeof updatedFields)[number]): unknown =>
  name === 'credentials'
    ? [stored.auth_method, stored.secret, stored.credentials_version, stored.fields]
    : stored[name];

/** Stored codes are texts: one that this release does not know is not published. */
const toKnownCode = (code: string | null | undefined): ProblemCode | null =>
  problemCodes.find((known) => known === code) ?? null;

const toCodeAndBlame = (text: string | null | undefined) => {
  const code = toKnownCode(text);
  return { code, blame: code && problems[code].blame };
};

const describeDecision = (
  before: StoredConnection | undefined,
  after: StoredConnection,
): EventDetail<'connection.status_changed'> | undefined => {
  const { decided_status: to, decided_at: since, cause } = after;
  const first = cause === 'created' ? null : to;
  const from = before ? before.decided_status : first;
  if (to === null || from === to) return undefined;
  return { from, to, ...toCodeAndBlame(after.status_reason), since: since ?? readChangeTime(after) };
};

const describeTest = (
  before: StoredConnection | undefined,
  { cause, last_test: last, tested_by: trigger }: StoredConnection,
): EventDetail<'connection.tested'> | undefined => {
  // A test that was not made, because logins are paused, leaves the last one.
  if (cause !== 'tested' || !last || isJsonEqual(before?.last_test ?? null, last)) return undefined;
  const { status, details, steps, tested_at } = last;
  const { status: earlier, details: earlierDetails } = before?.last_test ?? {};
  if (trigger === 'schedule' && earlier === status && earlierDetails?.code === details.code) return undefined;
  return {
    test: {
      status,
      code: toKnownCode(details.code),
      latency_ms: details.latency_ms ?? null,
      trigger,
      tested_at,
      steps: steps.map(({ step, status: ended, code }) => ({ step, status: ended, code: toKnownCode(code) })),
    },
  };
};

const hasEndedIntrospection = (before: StoredConnection, after: StoredConnection): boolean => {
  const [from, to] = [before.last_introspection, after.last_introspection];
  return after.cause === 'introspected' && (from?.attempt !== to?.attempt || from?.state !== to?.state);
};

const describeCatalog = ({
  last_introspection: last,
  catalog,
}: StoredConnection): EventDetail<'catalog.refreshed'> | undefined =>
  last?.state === 'succeeded' && catalog
    ? { catalog: { tables: catalog.tables, columns: catalog.columns, complete: catalog.complete } }
    : undefined;

const describeFailedIntrospection = ({
  last_introspection: last,
}: StoredConnection): EventDetail<'catalog.refresh_failed'> | undefined =>
  last?.state === 'failed' ? { ...toCodeAndBlame(last.problem?.code), failures: last.failures } : undefined;

/** One write adds or removes one usage, and drops those that have ended. */
const describeAddedUsage = (
  before: StoredConnection,
  after: StoredConnection,
): EventDetail<'usage.added'> | undefined => {
  const added = Object.entries(after.usages).find(
    ([consumer]) => !isUsageActive(before.usages[consumer], after),
  );
  if (!added) return undefined;
  const [consumer, until] = added;
  return { consumer, expires_at: until === 0 ? null : new Date(until * 1000).toISOString() };
};

const describeRemovedUsage = (
  before: StoredConnection,
  after: StoredConnection,
): EventDetail<'usage.removed'> | undefined => {
  const removed = Object.entries(before.usages).find(
    ([consumer, until]) => after.usages[consumer] === undefined && isUsageActive(until, after),
  );
  return removed && { consumer: removed[0] };
};

const isUsageActive = (until: number | undefined, after: StoredConnection): boolean =>
  until !== undefined && (until === 0 || until * 1000 > Date.parse(readChangeTime(after)));
