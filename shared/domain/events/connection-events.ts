import type { ConnectionEvent } from '../../ports/bus.ts';
import type { Probe, SavedTest } from '../../ports/probe.ts';
import type { StoreEvent } from '../../ports/store.ts';
import { tryParseJson } from '../../json.ts';
import { Problem } from '../../problem.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { toPublicId } from '../id.ts';
import { readConnection } from '../connections/stored-connection.ts';

/** Converts changes of the table to events. Most changes (names, usages, catalog blocks) have no event. Throws if a change is damaged. */
export const toConnectionEvents = (changes: readonly StoreEvent[]): ConnectionEvent[] =>
  changes.flatMap(({ before, after, damage }) => {
    if (damage !== undefined) throw damage;
    if (!after || !/^(CONN|GONE)#/.test(after.sk)) return [];
    const now = readConnection(after);
    const type = eventTypesByCause[now.cause];
    return type === undefined ? [] : [toConnectionEvent(type, now, before && readConnection(before))];
  });

const eventTypesByCause: { readonly [C in StoredConnection['cause']]: ConnectionEvent['type'] | undefined } =
  {
    created: 'connection.created',
    updated: 'connection.updated',
    tested: 'connection.tested',
    deleted: 'connection.deleted',
    restored: 'connection.restored',
    introspected: undefined,
    used: undefined,
  };

const toConnectionEvent = (
  type: ConnectionEvent['type'],
  now: StoredConnection,
  before: StoredConnection | undefined,
): ConnectionEvent => ({
  event_id: `${now.id}.${now.revision}`,
  type,
  at: new Date(
    type === 'connection.tested' ? (now.last_test?.tested_at ?? now.updated_at) : now.updated_at,
  ).toISOString(),
  org_id: now.org_id,
  environment_id: now.environment_id,
  connection_id: toPublicId(now.id),
  version: now.version,
  status: now.status,
  test: now.awaits_test !== null && now.awaits_test !== before?.awaits_test,
});

/** Extracts the event from a queue message, in which EventBridge wraps it. Throws if the message contains no event. */
export const parseQueuedEvent = (body: string): ConnectionEvent => {
  const { detail } = Object(tryParseJson(body)) as { readonly detail?: ConnectionEvent | null };
  const texts = [detail?.event_id, detail?.org_id, detail?.environment_id, detail?.connection_id];
  if (!detail || typeof detail.version !== 'number' || texts.some((text) => typeof text !== 'string'))
    throw new TypeError('A message of the queue holds no event');
  return detail;
};

/** The actor in audit records of tests that an event causes. */
export const EVENT_ACTOR = 'mooring';

/** The test that an event requests. The event is not trusted: the probe reads the connection again. */
export const toSavedTest = (event: ConnectionEvent): SavedTest & { readonly awaited: number } => ({
  tenant: { org: event.org_id, environment: event.environment_id },
  id: event.connection_id.replace(/^conn_/, ''),
  actor: EVENT_ACTOR,
  request_id: event.event_id,
  trigger: event.type === 'connection.created' ? 'create' : 'change',
  awaited: event.version,
});

/** Runs the test that an event requests. */
export const runEventTest = async (probe: Pick<Probe, 'test'>, event: ConnectionEvent): Promise<void> => {
  try {
    await probe.test(toSavedTest(event));
  } catch (error) {
    // The connection was deleted in the meantime, so the test is not needed any more.
    if (!(error instanceof Problem) || error.code !== 'not-found') throw error;
  }
};
