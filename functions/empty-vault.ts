import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { awsRuntime } from '../shared/adapters/aws.ts';
import type { Runtime } from '../shared/adapters/runtime.ts';
import { createLog } from '../shared/log.ts';
import type { PortsFor, Uses } from '../shared/ports/ports.ts';

export const uses = { vault: 'sweep' } as const satisfies Uses;

/** What CloudFormation is told at the end. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
export interface Outcome {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
}

/** Removes every secret of the deployment for good when its stack is deleted, and does nothing before. */
export const emptyVault = async (
  event: CloudFormationCustomResourceEvent,
  { ports, writeLog }: Pick<Runtime, 'ports' | 'writeLog'>,
): Promise<Outcome> => {
  const { StackId, RequestId, LogicalResourceId } = event;
  const outcome = { PhysicalResourceId: 'secrets', StackId, RequestId, LogicalResourceId };
  const log = createLog({ function: 'empty-vault' }, writeLog);
  try {
    if (event.RequestType === 'Delete') await removeAll(await ports(uses));
    return { ...outcome, Status: 'SUCCESS' };
  } catch (error) {
    log.error('secrets of a deleted deployment were not removed', error);
    return { ...outcome, Status: 'FAILED', Reason: 'Not every secret could be removed: see the log' };
  }
};

const removeAll = async ({ vault }: Partial<PortsFor<typeof uses>>): Promise<void> => {
  if (!vault) throw new Error('The function was given no vault');
  for await (const { name } of vault.list()) await vault.remove({ name }, 0);
};

export const handler = async (event: CloudFormationCustomResourceEvent): Promise<void> => {
  const outcome = await emptyVault(event, awsRuntime());
  const answer = await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify(outcome) });
  if (!answer.ok) throw new Error(`CloudFormation did not take the answer: HTTP ${answer.status}`);
};
