import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { getAwsRuntime } from '../shared/runtime/aws-runtime.ts';
import type { Runtime } from '../shared/runtime/runtime.ts';
import { createConcurrencyLimit } from '../shared/domain/concurrency-limit.ts';
import { createLog, type Log } from '../shared/log.ts';
import type { PortsFor, Uses } from '../shared/ports/ports.ts';

export const uses = { vault: 'sweep' } as const satisfies Uses;

/** The answer to CloudFormation. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
export interface CustomResourceResponse {
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
  getRemainingMs: () => number,
): Promise<CustomResourceResponse> => {
  const { StackId, RequestId, LogicalResourceId } = event;
  const response = { PhysicalResourceId: 'secrets', StackId, RequestId, LogicalResourceId };
  const log = createLog({ function: 'empty-vault' }, writeLog);
  try {
    if (event.RequestType === 'Delete') await purgeSecrets(await ports(uses), getRemainingMs, log);
    return { ...response, Status: 'SUCCESS' };
  } catch (error) {
    log.error('vault removal failed', error);
    const Reason = 'Some secrets could not be removed: see the log, then delete the stack again to continue';
    return { ...response, Status: 'FAILED', Reason };
  }
};

/** Repeats as long as each round removes some: Secrets Manager throttles many removals at once. */
const purgeSecrets = async (
  { vault }: Partial<PortsFor<typeof uses>>,
  getRemainingMs: () => number,
  log: Log,
): Promise<void> => {
  if (!vault) throw new Error('The function was given no vault');
  for (;;) {
    let [removed, refused] = [0, 0];
    const jobs = createConcurrencyLimit(4);
    for await (const { name } of vault.list()) {
      if (getRemainingMs() < PURGE_RESERVE_MS)
        throw new Error('There are more secrets than can be removed in the time of one call');
      await jobs.start(async () => {
        try {
          await vault.remove({ name }, 0);
          removed += 1;
        } catch (error) {
          refused += 1;
          log.error('secret removal failed', error, { secret: name });
        }
      });
    }
    await jobs.done();
    if (refused === 0) return;
    if (removed === 0) throw new Error(`${refused} secrets could not be removed`);
  }
};

/** The time reserved for running removals and for the answer. */
const PURGE_RESERVE_MS = 20_000;

export const handler = async (
  event: CloudFormationCustomResourceEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<void> => {
  const response = await emptyVault(event, getAwsRuntime(), () => context.getRemainingTimeInMillis());
  const answer = await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify(response) });
  if (!answer.ok) throw new Error(`CloudFormation did not take the answer: HTTP ${answer.status}`);
};
