import { expect, test } from '@jest/globals';
import { resolveDraftTarget } from '../../shared/domain/credentials/resolve-target.ts';
import { parseConnectionInput } from '../../shared/domain/connections/parse-connection-input.ts';
import { ConnectionInput } from '../../shared/domain/connections/connection-input.ts';
import { createLog } from '../../shared/log.ts';
import { parseInput } from '../../shared/parse-input.ts';

const tenant = { org: 'org_test', environment: 'default' };
const arn = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:theirs';
const host = 'dbc-one.cloud.databricks.com';

const aim = async (lines: string[] = []) => {
  const draft = await parseConnectionInput(
    parseInput(ConnectionInput, {
      name: 'Shared',
      type: 'databricks',
      mode: 'platform',
      config: { host, http_path: '/sql/1.0/warehouses/one' },
      credentials: { secret_arn: arn },
    }),
  );
  const log = createLog({}, (line) => lines.push(line));
  const vault = {
    tags: () => Promise.resolve({ 'mooring:tenant': 'org_test/default', 'mooring:host': host }),
    readShared: () => Promise.resolve({ version: '1', value: { token: 'fake-token-of-theirs' } }),
  };
  const policy = { endpoints: { databricks: 'https://front.example.com:8443' } };
  return { log, ...(await resolveDraftTarget({ policy, log, vault }, tenant, draft)) };
};

test('with a shared secret, only the host in its tags and the endpoint of the deployment can be dialled', async () => {
  const { options } = await aim();
  const may = (place: string, port: number) => options.mayDial?.({ host: place, port });
  expect(may(host, 443)).toBe(true);
  expect(may('front.example.com', 8443)).toBe(true);
  for (const [other, port] of [
    ['front.example.com', 443],
    ['back.example.com', 8443],
    [host, 8443],
  ] as const)
    expect([other, port, may(other, port)]).toEqual([other, port, false]);
});

test('neither the shared secret nor a token obtained with it is logged', async () => {
  const lines: string[] = [];
  const { log, target } = await aim(lines);
  target.hide?.(['made-up-access-token']);
  log.error('failed', new Error('the server said fake-token-of-theirs, then made-up-access-token'));
  expect(lines.join()).toContain('the server said');
  expect(lines.join()).not.toMatch(/fake-token|access-token/);
});
