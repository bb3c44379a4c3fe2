import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import type { Connector } from '../../shared/connectors/connector.ts';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { mongodb } from '../../shared/connectors/mongodb/connector.ts';
import { openMongodbWithResolver } from '../../shared/connectors/mongodb/session.ts';
import { createSrvResolver } from '../../shared/connectors/mongodb/srv.ts';
import type { SrvResolver } from '../../shared/connectors/mongodb/srv.ts';
import { plainServer } from '../network/servers.ts';

const wire = (name: string) =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);
const int16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);

/** Answers SRV and TXT queries with the given records, and with NXDOMAIN if there are none. */
const dnsServer = async (srv: readonly (readonly [string, number])[], txt: readonly string[] = []) => {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const end = query.indexOf(0, 12) + 5;
    const wantsSrv = query.readUInt16BE(end - 4) === 33;
    const data = wantsSrv
      ? srv.map(([host, port]) => Buffer.concat([int16(0), int16(0), int16(port), wire(host)]))
      : txt.map((text) => Buffer.from([text.length, ...Buffer.from(text)]));
    const header = Buffer.from([
      query[0] ?? 0,
      query[1] ?? 0,
      0x81,
      data.length > 0 ? 0x80 : 0x83,
      0,
      1,
      0,
      data.length,
      0,
      0,
      0,
      0,
    ]);
    const type = wantsSrv ? 33 : 16;
    const records = data.map((bytes) =>
      Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60]), int16(bytes.length), bytes]),
    );
    socket.send(Buffer.concat([header, query.subarray(12, end), ...records]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    resolve: createSrvResolver({ servers: [`127.0.0.1:${socket.address().port}`] }),
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
};
const signal = new AbortController().signal;

describe('MongoDB SRV name', () => {
  test('resolves to the members of the SRV records and the options of the TXT record', async () => {
    await using dns = await dnsServer(
      [
        ['a.example.test', 27017],
        ['b.example.test', 27018],
      ],
      ['authSource=people&replicaSet=rs0&loadBalanced=false'],
    );
    const { members, ...said } = await dns.resolve('cluster0.example.test', signal);
    expect(said).toEqual({ authSource: 'people', replicaSet: 'rs0' });
    expect(members).toHaveLength(2);
    expect(members).toContainEqual({ host: 'b.example.test', port: 27018 });
  });

  test('resolves without a TXT record', async () => {
    await using dns = await dnsServer([['a.example.test', 27017]]);
    expect(await dns.resolve('cluster0.example.test', signal)).toEqual({
      members: [{ host: 'a.example.test', port: 27017 }],
    });
  });

  test.each(['169.254.169.254', 'a.example.test.evil.test', 'evilexample.test', 'example.test'])(
    'rejects a member outside of its own domain: %s',
    async (host) => {
      await using dns = await dnsServer([
        ['a.example.test', 27017],
        [host, 80],
      ]);
      await expect(dns.resolve('cluster0.example.test', signal)).rejects.toMatchObject({
        code: 'host-forbidden',
      });
    },
  );

  test('fails with ENOTFOUND when it does not exist', async () => {
    await using dns = await dnsServer([]);
    await expect(dns.resolve('cluster0.example.test', signal)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  test('stops resolving when the signal aborts', async () => {
    await using dns = await dnsServer([]);
    await expect(
      dns.resolve('cluster0.example.test', AbortSignal.abort(new Error('enough'))),
    ).rejects.toThrow('enough');
  });
});

describe('test of a MongoDB connection with an SRV name', () => {
  const tried = (resolveSrv: SrvResolver) => {
    const connector: Connector = {
      ...mongodb,
      load: async () => {
        const { failure } = await mongodb.load();
        return {
          failure,
          open: (target, dialer) => openMongodbWithResolver(Object(target), dialer, resolveSrv),
        };
      },
    };
    return runSourceTest(
      connector,
      {
        config: { srv: 'cluster0.example.test', port: 27017, username: 'me', auth_source: 'admin' },
        credentials: { auth_method: 'password', password: 'obviously-fake' },
        options: { ssl_mode: 'disable', query_timeout_seconds: 1 },
        role: 'source',
      },
      {
        policy: { loopback: true },
        environment: 'default',
        tlsSettings: { mode: 'disable' },
        options: { connection_timeout_seconds: 1 },
      },
    );
  };

  test('applies the egress policy to every member before it dials one', async () => {
    await using server = await plainServer();
    const members = [
      { host: '127.0.0.1', port: server.port },
      { host: '169.254.169.254', port: 80 },
    ];
    const { steps } = await tried(() => Promise.resolve({ members }));
    expect(steps.find(({ status }) => status === 'failed')).toMatchObject({
      step: 'egress',
      code: 'host-forbidden',
    });
    expect(server.accepted.length).toBe(0);
  });

  test('fails at the resolve step when the DNS query fails', async () => {
    const { steps } = await tried(() =>
      Promise.reject(Object.assign(new Error('none'), { code: 'ENOTFOUND' })),
    );
    expect(steps[0]).toMatchObject({ step: 'resolve', status: 'failed', code: 'host-not-found' });
  });
});
