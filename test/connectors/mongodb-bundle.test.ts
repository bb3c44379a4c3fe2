import { expect, test } from '@jest/globals';
import { bundleProbe } from './bundled-probe.ts';

test('the probe bundle contains nothing with which the MongoDB driver logs in as our own function or uses a proxy', async () => {
  await using bundled = await bundleProbe();
  const taken = Object.entries(bundled.probe.inputs)
    .filter(([name]) => name.startsWith('node_modules/mongodb/'))
    .flatMap(([, { imports }]) => imports.filter(({ external }) => !external).map(({ path }) => path));
  expect(taken.length).toBeGreaterThan(0);
  expect(taken.filter((path) => /\/(@aws-sdk|@smithy|socks|kerberos)\//.test(path))).toEqual([]);
});
