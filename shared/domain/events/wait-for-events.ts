import type { ReadStore } from '../../ports/store.ts';
import type { Timer } from '../../ports/timer.ts';
import type { Tenant } from '../access/tenant.ts';
import { type EventPage, readEvents } from './event-log.ts';

interface EventQuery {
  /** A position. */
  readonly after: number | undefined;
  readonly limit: number;
  readonly wait_ms: number;
}

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 2000;

/** Like `readEvents`, but waits for an event if there is none. */
export const waitForEvents = async (
  store: ReadStore,
  tenant: Tenant,
  { after: first, limit, wait_ms: wait }: EventQuery,
  timer: Timer,
): Promise<EventPage> => {
  const began = timer.measure();
  let after = first;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, MAX_PAUSE_MS)) {
    const page = await readEvents(store, tenant, { after, limit });
    const left = wait - (timer.measure() - began);
    if (page.events.length > 0 || left <= 0) return page;
    after = page.next;
    await timer.wait(Math.min(pause, left));
  }
};
