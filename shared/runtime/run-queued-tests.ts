import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { delayQueueMessage } from '../adapters/aws/delay-queue-message.ts';
import { createFairQueue } from '../adapters/local/fair-queue.ts';
import { parseTestMessage } from '../domain/events/parse-test-message.ts';
import { runQueuedTest, toPostponementSeconds } from '../domain/testing/queued-tests.ts';
import { readEnv } from '../env.ts';
import { createLog, type Log } from '../log.ts';
import type { Probe } from '../ports/probe.ts';
import type { TestMessage } from '../ports/queue.ts';
import { getAwsRuntime } from './aws-runtime.ts';
import { runLogged } from './probe-handler.ts';
import type { Runtime } from './runtime.ts';
import { openVpcProbe, probeUses } from './vpc-probe.ts';

interface QueuedTestPorts {
  readonly createProbe: (log: Log) => Promise<Pick<Probe, 'test'>>;
  /** Makes the queue deliver a message again after a number of seconds. */
  readonly postpone: (receiptHandle: string, seconds: number) => Promise<void>;
  /** How many scheduled tests run at the same time to one destination. */
  readonly destinationLimit: number;
}

/**
 * Runs the tests concurrently. The queue delivers failed messages again, and moves them to the dead letters after a few attempts. Messages over
 * a quota are delivered again when the quota allows it.
 */
export const runQueuedTests = async (
  { Records: records }: { readonly Records: readonly QueuedTestMessage[] },
  { ports, clock, settings, writeLog }: Runtime,
  { createProbe, postpone, destinationLimit }: QueuedTestPorts,
): Promise<SQSBatchResponse> => {
  const turns = createFairQueue({ atOnce: records.length, perDestination: destinationLimit });
  const runMessage = async (log: Log, message: TestMessage): Promise<void> => {
    const [probe, { store }] = await Promise.all([createProbe(log), ports(probeUses)]);
    if (!store) throw new Error('The probe was given no store');
    const outcome = await runQueuedTest(
      {
        store,
        probe,
        limits: settings,
        now: clock(),
        takeTurn: ({ hosts, isScheduled }, work) =>
          isScheduled ? turns.run({ tenant: 'all', destination: hosts }, work) : work(),
      },
      message,
    );
    if (outcome !== 'tested') log.info('queued test not needed', { outcome });
  };
  const outcomes = await Promise.all(
    records.map(async ({ messageId, receiptHandle, body }) => {
      const log = createLog({ function: 'probe/test', message_id: messageId }, writeLog);
      try {
        const message = parseTestMessage(body);
        await runLogged('probe/test', log, () => runMessage(log, message));
        return [];
      } catch (error) {
        const seconds = toPostponementSeconds(error);
        if (seconds === undefined) log.error('queued test failed', error);
        else await postponeOrLog(log, seconds, () => postpone(receiptHandle, seconds));
        return [{ itemIdentifier: messageId }];
      }
    }),
  );
  return { batchItemFailures: outcomes.flat() };
};

type QueuedTestMessage = Pick<SQSEvent['Records'][number], 'messageId' | 'receiptHandle' | 'body'>;

/** Postpones a message. If that fails, the queue delivers it again after its visibility timeout. */
const postponeOrLog = async (log: Log, seconds: number, postpone: () => Promise<void>): Promise<void> => {
  try {
    await postpone();
    log.info('queued test postponed', { seconds });
  } catch (error) {
    log.error('queued test postponement failed', error);
  }
};

/** Runs the tests of the queue in the VPC. */
export const runVpcQueuedTests = (event: SQSEvent): Promise<SQSBatchResponse> =>
  runQueuedTests(event, getAwsRuntime(), {
    createProbe: openVpcProbe,
    postpone: delayQueueMessage,
    destinationLimit: Number(readEnv().DESTINATION_TESTS_AT_ONCE ?? 10),
  });
