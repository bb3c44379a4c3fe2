import { fairQueue } from '../../shared/adapters/fair-queue.ts';
import { connectorOf } from '../../shared/domain/assemble.ts';
import { testOnEvent } from '../../shared/domain/events.ts';
import { findConnection } from '../../shared/domain/write.ts';
import type { ConnectionEvent } from '../../shared/ports/bus.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import type { ReadStore } from '../../shared/ports/store.ts';
import { Problem } from '../../shared/problem.ts';

/**
 * Makes the tests that events ask for. A server that does not answer holds up its own tests alone, and a tenant those of nobody
 * else. Tests that callers ask for do not come here.
 */
export const testsInTurn = (store: ReadStore, probe: Pick<Probe, 'test'>) => {
  // A test that waits for a silent server takes a socket and little else.
  const queue = fairQueue({ atOnce: 512, perTenant: 256, perDestination: 16 });
  return async (event: ConnectionEvent): Promise<void> => {
    const destination = await findDestination(store, event);
    if (destination === undefined) return;
    const tenant = `${event.org_id}#${event.environment_id}`;
    await queue.run({ tenant, destination }, () => testOnEvent(probe, event));
  };
};

/** Where a test will go to; `undefined` for a connection that is gone, whose test nobody waits for. */
const findDestination = async (store: ReadStore, event: ConnectionEvent): Promise<string | undefined> => {
  const tenant = { org: event.org_id, environment: event.environment_id };
  try {
    const stored = await findConnection(store, tenant, event.connection_id.replace(/^conn_/, ''));
    const { destination } = connectorOf(stored.type);
    return JSON.stringify([stored.type, ...destination.map((field) => stored.config[field] ?? null)]);
  } catch (error) {
    if (error instanceof Problem && error.code === 'not-found') return undefined;
    throw error;
  }
};
