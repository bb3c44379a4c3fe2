import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { vpcProbe, probeUses } from '../../shared/adapters/vpc-probe.ts';
import { testOnEvent } from '../../shared/domain/events.ts';
import { invoked, timed } from '../../shared/http/invoked.ts';
import { createLog } from '../../shared/log.ts';
import type { ConnectionEvent } from '../../shared/ports/bus.ts';
import type { DraftTest, SavedTest } from '../../shared/ports/probe.ts';

export const uses = probeUses;

const onCall = invoked('probe/test', (probe, call: SavedTest | DraftTest) => probe.test(call));

/** Tests what an API function asks for, and what events ask for through the queue. */
export const handler = (event: SavedTest | DraftTest | SQSEvent) =>
  'Records' in event ? onEvents(event) : onCall(event);

/** Side by side; those that failed come back, and after a few times go to the dead letters. */
const onEvents = async ({ Records: records }: SQSEvent): Promise<SQSBatchResponse> => {
  const outcomes = await Promise.all(
    records.map(async ({ messageId, body }) => {
      const log = createLog({ function: 'probe/test', message_id: messageId });
      try {
        const { detail } = JSON.parse(body) as { detail: ConnectionEvent }; // EventBridge wraps what `publish` put
        await timed(log, async () => testOnEvent(await vpcProbe(log), detail));
        return [];
      } catch (error) {
        log.error('a test that an event asked for could not be made', error);
        return [{ itemIdentifier: messageId }];
      }
    }),
  );
  return { batchItemFailures: outcomes.flat() };
};
