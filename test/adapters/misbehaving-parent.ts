import { createEndedCallHandlers } from '../../infra/local/local-probe.ts';
import { fileURLToPath } from 'node:url';
import { createProcessProbe } from '../../shared/adapters/local/process-probe.ts';

// A parent process that prints the process ids of its probes, makes them compute forever if asked to, and then waits to be killed.
const nothing = {} as never; // the simulated effects use neither store nor vault
const probe = createProcessProbe({
  entry: fileURLToPath(new URL('misbehaving-probe.ts', import.meta.url)),
  store: nothing,
  vault: nothing,
  policy: {},
  vantage: { region: null, vpc_id: null, egress_ips: [] },
  ...createEndedCallHandlers(nothing, Date.now),
  environment: { atStart: {}, afterStart: {} },
  limits: { test: { silence: 600_000, time: 600_000 } },
});
process.on('SIGINT', () => void describe());

const describe = async () => {
  const call = { tenant: { org: 'o', environment: 'e' }, draft: nothing };
  const { details } = await probe.test({ ...call, request_id: 'describe' });
  process.stdout.write(`${details.version}\n`);
  if (process.argv[2] === 'spin') void probe.test({ ...call, request_id: 'spin' });
};
await describe();
setInterval(() => undefined, 1000);
