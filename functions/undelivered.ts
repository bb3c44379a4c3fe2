import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { getAwsRuntime } from '../shared/runtime/aws-runtime.ts';
import type { Runtime } from '../shared/runtime/runtime.ts';
import { parseTestMessage } from '../shared/domain/events/parse-test-message.ts';
import { failUndeliveredTest } from '../shared/domain/testing/undelivered-test.ts';
import { createLog } from '../shared/log.ts';
import type { PortsFor, Uses } from '../shared/ports/ports.ts';

export const uses = { store: 'write' } as const satisfies Uses;

/** Fails the tests whose messages became dead letters. A message that cannot be handled is delivered again, and ends in a second dead-letter queue. */
export const failUndeliveredTests = async (
  { Records: records }: Pick<SQSEvent, 'Records'>,
  { clock, ports, writeLog }: Pick<Runtime, 'clock' | 'ports' | 'writeLog'>,
): Promise<SQSBatchResponse> => {
  const { store }: Partial<PortsFor<typeof uses>> = await ports(uses);
  if (!store) throw new Error('The consumer of dead letters was given no store');
  const outcomes = await Promise.all(
    records.map(async ({ messageId, body }) => {
      const log = createLog({ function: 'undelivered', message_id: messageId }, writeLog);
      try {
        const message = parseTestMessage(body);
        await failUndeliveredTest(store, message, clock());
        log.info('undelivered test recorded as failed', { event_id: message.request_id });
        return [];
      } catch (error) {
        log.error('dead letter handling failed', error);
        return [{ itemIdentifier: messageId }];
      }
    }),
  );
  return { batchItemFailures: outcomes.flat() };
};

export const handler = (event: SQSEvent): Promise<SQSBatchResponse> =>
  failUndeliveredTests(event, getAwsRuntime());
