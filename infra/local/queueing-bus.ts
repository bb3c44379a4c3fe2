import { parseTestMessage } from '../../shared/domain/events/parse-test-message.ts';
import type { Bus } from '../../shared/ports/bus.ts';
import type { Queue } from '../../shared/ports/queue.ts';

/** Takes events to nobody, and the tests that they request to the queue. */
export const createQueueingBus = (queue: Pick<Queue, 'sendTests'>): Bus => ({
  put: async (events) => {
    const messages = events
      .filter(({ test }) => test)
      .map((detail) => ({ message: parseTestMessage(JSON.stringify({ detail })) }));
    if (messages.length > 0) await queue.sendTests(messages);
  },
});
