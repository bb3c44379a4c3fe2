import * as v from 'valibot';
import { createExpiredProblem, findEventPosition } from '../../shared/domain/events/event-log.ts';
import { connectionEventTypes } from '../../shared/domain/events/event-types.ts';
import { waitForEvents } from '../../shared/domain/events/wait-for-events.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { createWholeNumber, decodeCursor, encodeCursor, PageLimit } from '../../shared/http/paging.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';
import { Problem } from '../../shared/problem.ts';
import { systemTimer } from '../../shared/system-timer.ts';

const MAX_WAIT_SECONDS = 20;

const ConnectionEvent = v.variant(
  'type',
  Object.values(connectionEventTypes).map(({ schema }) => schema),
);

export const endpoint = defineEndpoint({
  summary: 'List events',
  description:
    'Lists the events of the last 7 days in the order of their publication, the oldest first. Pass `next` as `after` of the following request: no event is missed and none is repeated. With `wait`, a request without new events waits for one. `410 events-expired` says that events after `after` are kept no longer.',
  query: v.strictObject({
    after: v.optional(
      v.pipe(
        v.string(),
        v.maxLength(200),
        v.description(
          'The `next` of an earlier answer, or the id of an event. Without it, the list begins with the oldest event.',
        ),
      ),
    ),
    limit: PageLimit,
    wait: v.optional(
      v.pipe(
        createWholeNumber(0, MAX_WAIT_SECONDS),
        v.description('How many seconds to wait if there is no event.'),
      ),
      '0',
    ),
  }),
  status: 200,
  returns: v.object({
    data: v.array(ConnectionEvent),
    next: v.string(),
  }),
  scope: 'connections:read',
  problems: ['invalid-cursor', 'events-expired'],
  uses: { store: 'read' },
  timeout: 29,
  handle: async ({ query: { after, limit, wait }, tenant, store, timer = systemTimer }) => {
    const list = { tenant, of: ['events'], accepts: (position: string) => /^\d{1,15}$/.test(position) };
    const readPosition = async (text: string): Promise<number> => {
      if (!text.startsWith('evt_')) return Number(decodePosition(list, text));
      const position = await findEventPosition(store, tenant, text);
      if (position === undefined) throw createExpiredProblem();
      return position;
    };
    const page = await waitForEvents(
      store,
      tenant,
      { after: after === undefined ? undefined : await readPosition(after), limit, wait_ms: wait * 1000 },
      timer,
    );
    return { data: [...page.events], next: encodeCursor(list, String(page.next)) ?? '' };
  },
});

/** Like `decodeCursor`, with the name of the parameter. */
const decodePosition = (list: Parameters<typeof decodeCursor>[0], text: string) => {
  try {
    return decodeCursor(list, text);
  } catch (error) {
    throw new Problem(
      'invalid-cursor',
      'after: expected the next of an earlier answer, or the id of an event',
      {
        cause: error,
        remediation:
          'Send the `next` of an earlier answer or the id of an event as `after`, or leave `after` out.',
      },
    );
  }
};

export const handler = createHandler(endpoint, getAwsRuntime);
