import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
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
  /** Sends a copy of the message that the queue delivers after a number of seconds, at most 900. */
  readonly postpone: (message: TestMessage, seconds: number) => Promise<void>;
  /** How many scheduled tests run at the same time to one destination. */
  readonly destinationLimit: number;
}

/**
 * Runs the tests concurrently. The queue delivers failed messages again, and moves them to the dead letters after a few attempts. A message over
 * a quota is replaced by a copy that comes when the quota allows it: a hidden message would count as in flight, of which a queue has a limited
 * number for all tenants, and each of its deliveries as a failure.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
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
    records.map(async ({ messageId, body }) => {
      const log = createLog({ function: 'probe/test', message_id: messageId }, writeLog);
      const failures = [{ itemIdentifier: messageId }];
      try {
        const message = parseTestMessage(body);
        const seconds = await runOrPostpone(() =>
          runLogged('probe/test', log, () => runMessage(log, message)),
        );
        if (seconds === undefined) return [];
        return (await postponeOrLog(log, seconds, () => postpone(message, seconds))) ? [] : failures;
      } catch (error) {
        log.error('queued test failed', error);
        return failures;
      }
    }),
  );
  return { batchItemFailures: outcomes.flat() };
};

type QueuedTestMessage = Pick<SQSEvent['Records'][number], 'messageId' | 'body'>;

/** Returns after how many seconds the test may run, if it must wait. */
const runOrPostpone = async (run: () => Promise<void>): Promise<number | undefined> => {
  try {
    await run();
    return undefined;
  } catch (error) {
    const seconds = toPostponementSeconds(error);
    if (seconds === undefined) throw error;
    return seconds;
  }
};

/** Returns whether the copy was sent. If not, the queue delivers the message again after its visibility timeout. */
const postponeOrLog = async (log: Log, seconds: number, postpone: () => Promise<void>): Promise<boolean> => {
  try {
    await postpone();
    log.info('queued test postponed', { seconds });
    return true;
  } catch (error) {
    log.error('queued test postponement failed', error);
    return false;
  }
};

/** Runs the tests of the queue in the VPC. */
export const runVpcQueuedTests = (event: SQSEvent): Promise<SQSBatchResponse> =>
  runQueuedTests(event, getAwsRuntime(), {
    createProbe: openVpcProbe,
    postpone: async (message, delaySeconds) => {
      const { queue } = await getAwsRuntime().ports({ queue: 'tests' });
      if (!queue) throw new Error('The function that tests was given no queue');
      await queue.sendTests([{ message, delaySeconds }]);
    },
    destinationLimit: Number(readEnv().DESTINATION_TESTS_AT_ONCE ?? 10),
  });
