import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { awsRuntime } from '../shared/adapters/aws.ts';
import type { Runtime } from '../shared/adapters/runtime.ts';
import { inFlight } from '../shared/domain/in-flight.ts';
import { createLog, type Log } from '../shared/log.ts';
import type { PortsFor, Uses } from '../shared/ports/ports.ts';

export const uses = { vault: 'sweep' } as const satisfies Uses;

/** The answer to CloudFormation. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
export interface Outcome {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
}

/**
 * Permanently removes all secrets of the deployment when its stack is deleted, and does nothing for other events. Answers before the function
 * times out (`getRemainingMs`), because CloudFormation would wait an hour for a function that was ended.
 */
export const emptyVault = async (
  event: CloudFormationCustomResourceEvent,
  { ports, writeLog }: Pick<Runtime, 'ports' | 'writeLog'>,
  left: () => number,
): Promise<Outcome> => {
  const { StackId, RequestId, LogicalResourceId } = event;
  const outcome = { PhysicalResourceId: 'secrets', StackId, RequestId, LogicalResourceId };
  const log = createLog({ function: 'empty-vault' }, writeLog);
  try {
    if (event.RequestType === 'Delete') await removeAll(await ports(uses), left, log);
    return { ...outcome, Status: 'SUCCESS' };
  } catch (error) {
    log.error('secrets of a deleted deployment were not removed', error);
    const Reason = 'Not every secret could be removed: see the log, and delete the stack again to go on';
    return { ...outcome, Status: 'FAILED', Reason };
  }
};

/** Repeats as long as each round removes some: Secrets Manager throttles many removals at once. */
const removeAll = async (
  { vault }: Partial<PortsFor<typeof uses>>,
  left: () => number,
  log: Log,
): Promise<void> => {
  if (!vault) throw new Error('The function was given no vault');
  for (;;) {
    let [removed, refused] = [0, 0];
    const jobs = inFlight(4);
    for await (const { name } of vault.list()) {
      if (left() < reserveMs)
        throw new Error('There are more secrets than can be removed in the time of one call');
      await jobs.start(async () => {
        try {
          await vault.remove({ name }, 0);
          removed += 1;
        } catch (error) {
          refused += 1;
          log.error('a secret could not be removed', error, { secret: name });
        }
      });
    }
    await jobs.done();
    if (refused === 0) return;
    if (removed === 0) throw new Error(`${refused} secrets could not be removed`);
  }
};

/** The time reserved for running removals and for the answer. */
const reserveMs = 20_000;

export const handler = async (
  event: CloudFormationCustomResourceEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<void> => {
  const outcome = await emptyVault(event, awsRuntime(), () => context.getRemainingTimeInMillis());
  const answer = await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify(outcome) });
  if (!answer.ok) throw new Error(`CloudFormation did not take the answer: HTTP ${answer.status}`);
};
