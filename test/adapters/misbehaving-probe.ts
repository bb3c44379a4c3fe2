import { once } from 'node:events';
import { connect } from 'node:net';
import { createDirectProbe } from '../../shared/runtime/direct-probe.ts';
import { acquireLease } from '../../shared/domain/catalog/lease.ts';
import {
  type ProbeProcessContext,
  serveProbe,
} from '../../shared/adapters/local/process-probe/serve-probe.ts';
import { toSnapshotPartition } from '../../shared/domain/catalog/snapshot/catalog-blocks.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import type { IntrospectionCall, Probe } from '../../shared/ports/probe.ts';

// A probe process that simulates the effects of a hostile source. The first word of the request id selects the effect.
const misdeeds: Readonly<Record<string, (given: ProbeProcessContext, request: string) => unknown>> = {
  heap: () => {
    const held: object[] = [];
    for (;;) held.push({ at: [held.length] });
  },
  bytes: async () => {
    const held: Buffer[] = [];
    for (;;) {
      held.push(Buffer.alloc(8 * 2 ** 20, 1));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  },
  spin: () => {
    for (;;);
  },
  hang: () => new Promise(() => undefined),
  crash: ({ log }, request) => {
    log.hide([`secret-of-${request}`]);
    setImmediate(() => {
      throw new Error(`The server said secret-of-${request}`);
    });
    return new Promise(() => undefined);
  },
  /** Reads the connection twice and logs both results. */
  look: async ({ store, log }) => {
    const [tenant, id] = [{ org: 'o', environment: 'e' }, '0'.repeat(32)];
    const keys = [tableKeys.connection(tenant, id), tableKeys.health(tenant, id)];
    const seen = [await store.getMany(keys), await store.getMany(keys)];
    log.info('looked', { seen: seen.map(([item]) => item?.['n']) });
  },
  /** Continues when the listener on that port answers. */
  wait: async (_, request) => {
    const socket = connect(Number(request.split('-')[1]), '127.0.0.1');
    socket.write(request);
    await once(socket, 'data');
    socket.destroy();
  },
};

const misdeed = (request: string) => misdeeds[request.split('-')[0] ?? ''];

/** The state of an introspection half-way: the lease is acquired and one block is written. */
const introspectHalf = async (given: ProbeProcessContext, call: IntrospectionCall) => {
  const bench = { ...given, clock: Date.now };
  const { tenant, id, request_id, attempt = 'half' } = call;
  const wanted = { token: 'half', attempt, claimed: false, holder: request_id };
  await using _ = await acquireLease(bench, tenant, id, wanted);
  const pk = toSnapshotPartition({ ...tenant, id, snapshot: 'half' });
  await given.store.write([{ put: { pk, sk: 'B#half' } }]);
  given.log.info('half-way');
  await misdeed(request_id)?.(given, request_id);
};

serveProbe((given) => {
  const real = createDirectProbe({ ...given, clock: Date.now });
  const described = () => ({
    status: 'connected' as const,
    details: { version: `${process.pid} ${process.env['TOLD_TO_THE_PROBE'] ?? ''}` },
    steps: [],
    tested_at: '',
    vantage: given.vantage,
  });
  const probe: Probe = {
    test: async (call) => {
      if (call.request_id === 'describe') return described();
      await misdeed(call.request_id)?.(given, call.request_id);
      return misdeed(call.request_id) ? described() : real.test(call);
    },
    introspect: async (call) => {
      await introspectHalf(given, call);
      return { running: true };
    },
    credentials: async (call) => {
      given.log.info('credentials begun');
      await misdeed(call.request_id)?.(given, call.request_id);
      return real.credentials(call);
    },
  };
  return probe;
});
