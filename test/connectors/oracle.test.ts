import { describe, expect, test } from '@jest/globals';
import type { Target } from '../../shared/connectors/connector.ts';
import { examine, openSession } from '../../shared/connectors/examine.ts';
import type { ExamineOptions } from '../../shared/connectors/examine.ts';
import { oracle } from '../../shared/connectors/oracle/connector.ts';
import { connectorContract } from '../contracts/connector.ts';
import { reach } from '../engines/reach.ts';
import { closedPort, pem, plainServer } from '../network/servers.ts';

describe('oracle', () => {
  connectorContract(oracle, {
    config: { host: 'db.example.test', service_name: 'SHOP', username: 'mooring_reader' },
    credentials: { password: { password: 'obviously-fake' } },
    connectionString: {
      url: (scheme, secret) => `${scheme}://me:${secret}@db.example.test:12345/shop`,
      says: (password) => ({
        config: { host: 'db.example.test', port: 12345, service_name: 'shop', username: 'me' },
        credentials: { password },
      }),
    },
  });
});

const { connectionString } = oracle;
test('a connection string may name a sid', async () => {
  expect(await connectionString?.parse('oracle://me@db.example.test?sid=ORCL&connect_timeout=9')).toEqual({
    config: { host: 'db.example.test', sid: 'ORCL', username: 'me' },
    credentials: {},
    options: { connection_timeout_seconds: 9 },
  });
});

type Mode = ExamineOptions['tlsAsk']['mode'];
const targetOf = (
  port: number,
  config: object = {},
  password = 'p@ss:w/rd#1%',
  mode: Mode = 'disable',
): Target => ({
  config: { host: 'localhost', port, service_name: 'shop', username: 'mooring_reader', ...config },
  credentials: { auth_method: 'password', password },
  options: { ssl_mode: mode, query_timeout_seconds: 5 },
  role: 'source',
});
const optionsOf = (mode: Mode, ca = 'ca.crt', seconds = 5, policy: object = {}): ExamineOptions => ({
  policy: { loopback: true, ...policy },
  environment: 'default',
  tlsAsk: { mode, ca: pem(ca) },
  options: { connection_timeout_seconds: seconds },
});
const failed = (steps: Awaited<ReturnType<typeof examine>>['steps']) =>
  steps.find(({ status }) => status === 'failed');

// A scripted listener and logon; statements are beyond it.
const env = reach('oracle');
if (env)
  describe('on a scripted listener', () => {
    const port = Number(env['ORACLE_PORT']);
    const tried = (config: object = {}, password?: string) =>
      examine(oracle, targetOf(port, config, password), optionsOf('disable'));

    test('a session opens, and tells the server’s version', async () => {
      await using session = await openSession(oracle, targetOf(port), optionsOf('disable'));
      expect(await session.ping()).toMatch(/^Oracle Database 19\.24/);
    });

    test.each([
      ['a wrong password', {}, 'never-the-right-one', 'authentication-failed', 'ORA-01017'],
      ['an unknown user', { username: 'nobody_at_all' }, undefined, 'authentication-failed', 'ORA-01017'],
      ['an unknown service', { service_name: 'nowhere' }, undefined, 'database-not-found', 'NJS-518'],
      [
        'an unknown sid',
        { service_name: undefined, sid: 'NOWHERE' },
        undefined,
        'database-not-found',
        'NJS-519',
      ],
      ['a locked account', { username: 'mooring_locked' }, 'locked', 'account-locked', 'ORA-28000'],
      ['an expired password', { username: 'mooring_expired' }, 'expired', 'credentials-expired', 'ORA-28001'],
      ['no right to log in', { username: 'mooring_no_session' }, 'session', 'permission-denied', 'ORA-01045'],
      ['an instance that starts', { service_name: 'starting' }, undefined, 'server-error', 'ORA-12528'],
      ['an instance that is full', { service_name: 'full' }, undefined, 'too-many-connections', 'ORA-12519'],
    ])('%s is told from everything else', async (_, config, password, code, native) => {
      const { steps } = await tried(config, password);
      expect(failed(steps)).toMatchObject({ step: 'authenticate', code, native_code: native });
    });

    test('neither service nor sid: it is said before anything is dialled', async () => {
      const { steps, details } = await tried({ service_name: undefined });
      expect(details).toMatchObject({ code: 'database-not-found' });
      expect(steps.some(({ status }) => status === 'passed')).toBe(false);
    });

    test('a listener that sends on is followed through the dialer', async () => {
      const { details } = await tried({ service_name: 'moved' });
      expect(details).toMatchObject({ code: 'connection-refused' });
    });

    test('a listener that is silent ends at the step’s limit', async () => {
      const { steps } = await examine(
        oracle,
        targetOf(port, { service_name: 'silent' }),
        optionsOf('disable', 'ca.crt', 0.3),
      );
      expect(failed(steps)).toMatchObject({ step: 'authenticate', code: 'timeout' });
    });

    test('TLS that is asked for on a listener without it ends at the step’s limit', async () => {
      const { steps } = await examine(oracle, targetOf(port), optionsOf('require', 'ca.crt', 0.3));
      expect(failed(steps)).toMatchObject({ step: 'tls' });
    });

    test('TLS that is preferred is done without where the port has none', async () => {
      const { steps } = await examine(oracle, targetOf(port), optionsOf('prefer'));
      expect(steps.find(({ step }) => step === 'tls')).toMatchObject({ status: 'warning', code: 'tls-off' });
      expect(steps.find(({ step }) => step === 'authenticate')).toMatchObject({ status: 'passed' });
    });
  });

describe('TLS', () => {
  test.each([
    ['server', 'verify-full', 'ca.crt', 'passed'],
    ['server', 'verify-full', 'other-ca.crt', 'certificate-untrusted'],
    ['server', 'verify-ca', 'ca.crt', 'tls-unverified'],
    ['server', 'require', 'other-ca.crt', 'tls-unverified'],
    ['server', 'prefer', 'other-ca.crt', 'tls-unverified'],
    ['expired', 'verify-full', 'ca.crt', 'certificate-expired'],
    ['wronghost', 'verify-full', 'ca.crt', 'certificate-hostname-mismatch'],
    ['wronghost', 'verify-ca', 'ca.crt', 'tls-unverified'],
    ['selfsigned', 'verify-full', 'ca.crt', 'certificate-untrusted'],
  ] as const)('a certificate that is %s, with %s and %s: %s', async (ORACLE_TLS, mode, ca, expected) => {
    const other = reach('oracle', { ORACLE_TLS });
    if (!other) return;
    const { steps } = await examine(oracle, targetOf(Number(other['ORACLE_PORT'])), optionsOf(mode, ca));
    const tls = steps.find(({ step }) => step === 'tls');
    expect(tls?.code ?? tls?.status).toBe(expected);
    expect(steps.find(({ step }) => step === 'authenticate')?.status).toBe(
      tls?.status === 'failed' ? 'skipped' : 'passed',
    );
  });
});

/** A packet of TNS: https://github.com/oracle/node-oracledb/blob/main/lib/thin/sqlnet/packet.js */
const redirect = (address: string) => {
  const words = Buffer.from(address);
  const head = Buffer.from([0, 0, 0, 0, 5, 0, 0, 0, 0, 0]);
  head.writeUInt16BE(10 + words.length, 0);
  head.writeUInt16BE(words.length, 8);
  return Buffer.concat([head, words]);
};

describe('where there is something else', () => {
  const against = async (answer: Buffer | 'reset', seconds = 2) => {
    await using server = await plainServer((socket) => {
      socket.once('data', () => (answer === 'reset' ? socket.resetAndDestroy() : socket.write(answer)));
    });
    return (await examine(oracle, targetOf(server.port), optionsOf('disable', 'ca.crt', seconds))).details;
  };

  test('a port that nobody listens on refuses', async () => {
    const { details } = await examine(oracle, targetOf(await closedPort()), optionsOf('disable'));
    expect(details).toMatchObject({ code: 'connection-refused' });
  });
  test('a listener that sends on to the metadata of the machine is not followed', async () => {
    const address = '(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=169.254.169.254)(PORT=80)))';
    expect(await against(redirect(address))).toMatchObject({ code: 'host-forbidden' });
  });
  test('a server that resets says so', async () => {
    expect(await against('reset')).toMatchObject({ code: 'connection-reset' });
  });
  test('an HTTP server speaks another protocol', async () => {
    expect(await against(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))).toMatchObject({
      code: 'protocol-mismatch',
    });
  });
  test.each([
    ['a packet shorter than its head', Buffer.from([0, 1, 0, 0, 2, 0, 0, 0])],
    ['an acceptance without an end', Buffer.from([0, 9, 0, 0, 2, 0, 0, 0, 1])],
    ['noise of the right kind', Buffer.from([0, 40, 0, 0, 2, 0, 0, 0, ...Array<number>(32).fill(0xff)])],
  ])('%s does not get far', async (_, answer) => {
    expect(await against(answer, 0.5)).toMatchObject({ code: expect.any(String) });
  });
});
