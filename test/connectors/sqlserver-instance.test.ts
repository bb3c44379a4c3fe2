import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { sqlserver } from '../../shared/connectors/sqlserver/connector.ts';
import { parseInput } from '../../shared/parse-input.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { pem, plainServer, udpServer } from '../network/servers.ts';

const base = { host: 'db.example.test', database: 'shop', username: 'me' };

describe('SQL Server config', () => {
  test('has a port or an instance, and port 1433 by default', () => {
    expect(v.parse(sqlserver.config, base)).toEqual({ ...base, port: 1433 });
    expect(v.parse(sqlserver.config, { ...base, instance: 'SQLEXPRESS' })).toEqual({
      ...base,
      instance: 'SQLEXPRESS',
    });
  });

  test('with a port and an instance is rejected at the path of the instance', async () => {
    const parsed = async () => parseInput(sqlserver.config, { ...base, port: 1433, instance: 'A' }, 'config');
    await expect(parsed()).rejects.toMatchObject({
      code: 'invalid-request',
      extras: { errors: [{ path: 'config.instance', expected: expect.stringContaining('not both') }] },
    });
    // The JSON schema states the same rule for clients that build a form.
    expect(toJsonSchema(sqlserver.config, { typeMode: 'input', errorMode: 'ignore' })).toMatchObject({
      not: { required: ['port', 'instance'] },
    });
  });

  test.each(['A;tcp;1', 'A\\B', 'A B', 'A\0', '1A', 'A'.repeat(17), ''])(
    'with the instance %j is rejected',
    (instance) => expect(v.is(sqlserver.config, { ...base, instance })).toBe(false),
  );
});

/** A loopback address on which no other run of these tests listens. */
const address = `127.77.${(process.pid >> 8) & 255}.${process.pid & 255}`;
/** SQL Server Browser, which has a fixed port. */
const browser = (answer?: Parameters<typeof udpServer>[0]) =>
  udpServer(answer, { host: address, port: 1434 });

const said = (text: string, type = 5) => {
  const head = Buffer.from([type, 0, 0]);
  head.writeUInt16LE(text.length, 1);
  return Buffer.concat([head, Buffer.from(text, 'latin1')]);
};
const described = (port: number | string, name = 'SQLEXPRESS') =>
  `ServerName;SHOP;InstanceName;${name};IsClustered;No;Version;16.0.1000.6;tcp;${port};;`;

const tried = (
  { mode = 'disable', seconds = 5, policy = {}, username = 'mooring_reader' } = {} as {
    readonly mode?: 'disable' | 'verify-full';
    readonly seconds?: number;
    readonly policy?: object;
    readonly username?: string;
  },
) =>
  runSourceTest(
    sqlserver,
    {
      config: { host: 'localhost', instance: 'sqlexpress', database: 'shop', username },
      credentials: { auth_method: 'password', password: 'p@ss:w/rd#1%' },
      options: { ssl_mode: mode, query_timeout_seconds: 10 },
      role: 'source',
    },
    {
      policy: { loopback: true, ...policy },
      environment: 'default',
      tlsSettings: { mode, ca: pem('ca.crt') },
      options: { connection_timeout_seconds: seconds },
      resolve: async () => [address],
    },
  );
const failed = ({ steps }: Awaited<ReturnType<typeof tried>>) =>
  steps.find(({ status }) => status === 'failed');

describe('SQL Server instance', () => {
  const env = reach('sqlserver');
  onEngine(env, () => {
    test('is dialed on the port from SQL Server Browser, and its certificate is verified against the host name', async () => {
      // The stand-in listens on another address of this machine.
      await using server = await plainServer((socket) => {
        const onward = connect({ host: '127.0.0.1', port: Number(env['SQLSERVER_PORT']) });
        onward.on('error', () => socket.destroy());
        onward.on('close', () => socket.destroy());
        socket.on('close', () => onward.destroy());
        socket.pipe(onward).pipe(socket);
      }, address);
      await using asked = await browser(() => said(described(server.port)));
      const { status, steps } = await tried({ mode: 'verify-full' });
      expect(status).toBe('connected');
      expect(steps.slice(0, 4).map((step) => step.status)).toEqual(['passed', 'passed', 'passed', 'passed']);
      expect(asked.heard).toEqual([Buffer.from('\x04sqlexpress\0')]);
    });
  });

  test('causes a timeout with its own remediation when SQL Server Browser does not answer', async () => {
    await using _ = await browser();
    expect(failed(await tried())).toMatchObject({
      step: 'connect',
      code: 'timeout',
      remediation: expect.stringContaining('UDP 1434'),
    });
  });

  test('causes the same failure when SQL Server Browser does not run', async () => {
    expect(failed(await tried())).toMatchObject({
      step: 'connect',
      code: 'timeout',
      remediation: expect.stringContaining('Set port instead of instance'),
    });
  });

  test('is resolved within the time limit of the step', async () => {
    await using _ = await browser();
    expect(failed(await tried({ seconds: 0.2 }))).toMatchObject({ step: 'connect', code: 'timeout' });
  });

  test('without TCP/IP causes a failure that says so', async () => {
    await using _ = await browser(() =>
      said(
        'ServerName;SHOP;InstanceName;SQLEXPRESS;IsClustered;No;Version;16.0;np;\\\\SHOP\\pipe\\sql\\query;;',
      ),
    );
    expect(failed(await tried())).toMatchObject({
      step: 'connect',
      code: 'server-error',
      remediation: expect.stringContaining('TCP/IP'),
    });
  });

  test.each([
    ['empty', Buffer.alloc(0)],
    ['only two bytes', Buffer.from([5, 0])],
    ['of another message type', said(described(1433), 4)],
    ['shorter than its length says', said(described(1433)).subarray(0, 30)],
    ['longer than the limit', said(described(1433) + 'x;y;'.repeat(400))],
    ['of another instance', said(described(1433, 'OTHER'))],
    ['with port 0', said(described(0))],
    ['with port 65536', said(described(65_536))],
    ['with a port that is not a number', said(described('1433 or so'))],
    ['random bytes', Buffer.alloc(600, 0xee)],
  ])('is not dialed when the answer of SQL Server Browser is invalid: %s', async (_, answer) => {
    await using asked = await browser(() => answer);
    expect(failed(await tried())).toMatchObject({ step: 'connect', code: 'protocol-mismatch' });
    expect(asked.heard.length).toBe(1);
  });

  test('is resolved and dialed only at addresses that the egress policy allows', async () => {
    await using server = await plainServer(undefined, address);
    await using asked = await browser(() => said(described(server.port)));
    expect(failed(await tried({ policy: { loopback: false } }))).toMatchObject({
      step: 'egress',
      code: 'host-forbidden',
    });
    expect(asked.heard).toEqual([]);
    const denying = { deny: [`${address}:${server.port}`] };
    expect(failed(await tried({ policy: denying }))).toMatchObject({
      step: 'egress',
      code: 'host-forbidden',
    });
    expect(asked.heard.length).toBe(1);
    expect(server.accepted).toEqual([]);
  });
});
