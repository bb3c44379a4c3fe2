import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { vpcProbe, probeUses } from '../../shared/adapters/vpc-probe.ts';
import { awsRuntime } from '../../shared/adapters/aws.ts';
import { makeQueuedTest, readPostponement } from '../../shared/domain/queued-tests.ts';
import { invoked, timed } from '../../shared/http/invoked.ts';
import { createLog, type Log } from '../../shared/log.ts';
import type { ConnectionEvent } from '../../shared/ports/bus.ts';
import type { DraftTest, SavedTest } from '../../shared/ports/probe.ts';

export const uses = probeUses;

const onCall = invoked('probe/test', (probe, call: SavedTest | DraftTest) => probe.test(call));

/** Tests what an API function asks for, and what events ask for through the queue. */
export const handler = (event: SavedTest | DraftTest | SQSEvent) =>
  'Records' in event ? onEvents(event) : onCall(event);

/**
 * Side by side; those that failed come back, and after a few times go to the dead letters. Those over a quota come back when there is room
 * for them.
 */
const onEvents = async ({ Records: records }: SQSEvent): Promise<SQSBatchResponse> => {
  const outcomes = await Promise.all(
    records.map(async ({ messageId, receiptHandle, body }) => {
      const log = createLog({ function: 'probe/test', message_id: messageId });
      try {
        const { detail } = JSON.parse(body) as { detail: ConnectionEvent }; // EventBridge wraps what `publish` put
        await timed(log, () => makeTest(log, detail));
        return [];
      } catch (error) {
        const seconds = readPostponement(error);
        if (seconds === undefined) log.error('a test that an event asked for could not be made', error);
        else await postpone(log, receiptHandle, seconds);
        return [{ itemIdentifier: messageId }];
      }
    }),
  );
  return { batchItemFailures: outcomes.flat() };
};

const makeTest = async (log: Log, detail: ConnectionEvent): Promise<void> => {
  const { ports, clock, settings } = awsRuntime();
  const [probe, { store }] = await Promise.all([vpcProbe(log), ports(probeUses)]);
  if (!store) throw new Error('The probe was given no store');
  await makeQueuedTest({ store, probe, limits: settings, now: clock() }, detail);
};

/** Where the queue cannot be told, it hands the message out again after its usual time. */
const postpone = async (log: Log, receiptHandle: string, seconds: number): Promise<void> => {
  try {
    const { postponeMessage } = await import('../../shared/adapters/postpone-message.ts');
    await postponeMessage(receiptHandle, seconds);
    log.info('queued test postponed', { seconds });
  } catch (error) {
    log.error('a test over the quota could not be postponed', error);
  }
};
