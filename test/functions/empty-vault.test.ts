import { describe, expect, test } from '@jest/globals';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { emptyVault } from '../../functions/empty-vault.ts';
import type { Vault } from '../../shared/ports/vault.ts';

const event = (RequestType: string) =>
  ({
    RequestType,
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Secrets',
  }) as CloudFormationCustomResourceEvent; // what CloudFormation sends besides nobody reads

const run = async (type: string, refuse: readonly string[] = []) => {
  const removed: unknown[] = [];
  const vault = {
    list: async function* () {
      for (const name of ['one', 'two']) yield { name };
    },
    remove: async ({ name }: { name: string }, days: number) => {
      if (refuse.includes(name)) throw new Error('refused');
      removed.push([name, days]);
    },
  } as unknown as Vault; // the part that is swept
  const writeLog = () => undefined;
  const outcome = await emptyVault(event(type), { ports: () => Promise.resolve({ vault }), writeLog });
  return { outcome, removed };
};

describe('the secrets of a deployment that keeps nothing', () => {
  test.each(['Create', 'Update'])('stay at a %s of its stack', async (type) => {
    const { outcome, removed } = await run(type);
    expect([outcome.Status, removed]).toEqual(['SUCCESS', []]);
  });

  test('go for good when its stack is deleted', async () => {
    const { outcome, removed } = await run('Delete');
    expect(removed).toEqual([
      ['one', 0],
      ['two', 0],
    ]);
    expect(outcome).toEqual({
      Status: 'SUCCESS',
      PhysicalResourceId: 'secrets',
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'Secrets',
    });
  });

  test('are reported where one cannot be removed', async () => {
    expect((await run('Delete', ['two'])).outcome).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('log'),
    });
  });
});
