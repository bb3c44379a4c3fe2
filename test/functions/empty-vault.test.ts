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
  }) as CloudFormationCustomResourceEvent; // nothing reads the other fields that CloudFormation sends

interface Wanted {
  readonly names?: readonly string[];
  /** How often the removal of each secret is refused. */
  readonly refuse?: Record<string, number>;
  readonly left?: () => number;
}

const run = async (
  type: string,
  { names = ['one', 'two'], refuse = {}, left = () => 300_000 }: Wanted = {},
) => {
  const removed = new Map<string, number>();
  const logged: string[] = [];
  const vault = {
    list: async function* () {
      for (const name of names) if (!removed.has(name)) yield { name };
    },
    remove: async ({ name }: { name: string }, days: number) => {
      const refusals = refuse[name] ?? 0;
      refuse[name] = refusals - 1;
      if (refusals > 0) throw new Error('refused');
      removed.set(name, days);
    },
  } as unknown as Vault; // only the methods that the function uses
  const runtime = {
    ports: () => Promise.resolve({ vault }),
    writeLog: (line: string) => void logged.push(line),
  };
  const outcome = await emptyVault(event(type), runtime, left);
  return { outcome, removed: [...removed], logged };
};

describe('secrets of a deployment that retains nothing', () => {
  test.each(['Create', 'Update'])('are kept on %s of the stack', async (type) => {
    const { outcome, removed } = await run(type);
    expect([outcome.Status, removed]).toEqual(['SUCCESS', []]);
  });

  test('are deleted permanently when the stack is deleted', async () => {
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

  test('are deleted even if some removals are refused at first', async () => {
    const names = Array.from({ length: 50 }, (_, n) => `secret ${n}`);
    const { outcome, removed } = await run('Delete', { names, refuse: { 'secret 3': 1, 'secret 49': 2 } });
    expect([outcome.Status, removed.length]).toEqual(['SUCCESS', 50]);
  });

  test('cause FAILED when one cannot be removed, and the others are deleted', async () => {
    const { outcome, removed, logged } = await run('Delete', { refuse: { one: Infinity } });
    expect(outcome).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('log') });
    expect(removed).toEqual([['two', 0]]);
    expect(logged.join()).toContain('"secret":"one"');
  });

  test('cause FAILED before the function runs out of time', async () => {
    const names = Array.from({ length: 1000 }, (_, n) => `secret ${n}`);
    let calls = 0;
    const { outcome, removed } = await run('Delete', { names, left: () => 300_000 - 1000 * (calls += 1) });
    expect(outcome).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('delete the stack again'),
    });
    expect(removed.length).toBeGreaterThan(200);
  });
});
