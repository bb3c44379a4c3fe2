import { describe, expect, test } from '@jest/globals';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { runSourceTest, openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { oracle } from '../../shared/connectors/oracle/connector.ts';
import { parseInput } from '../../shared/parse-input.ts';
import { sourceContract } from '../contracts/source.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { plainServer } from '../network/servers.ts';
import { buildOracleSessionOptions, encodeOracleRedirect, buildOracleTarget } from './oracle-fixtures.ts';

const { connectionString } = oracle;
test('an Oracle connection string may name a SID', async () => {
  expect(await connectionString?.parse('oracle://me@db.example.test?sid=ORCL&connect_timeout=9')).toEqual({
    config: { host: 'db.example.test', sid: 'ORCL', username: 'me' },
    credentials: {},
    options: { connection_timeout_seconds: 9 },
  });
});

describe('Oracle config', () => {
  const base = { host: 'db.example.test', username: 'me' };

  test.each([
    ['neither', base],
    ['both', { ...base, service_name: 'SHOP', sid: 'ORCL' }],
  ])('with %s of service_name and sid is rejected at creation', async (_, config) => {
    const parsed = async () => parseInput(oracle.config, config, 'config');
    await expect(parsed()).rejects.toMatchObject({
      code: 'invalid-request',
      extras: { errors: [{ path: 'config.service_name', expected: 'either service_name or sid' }] },
    });
  });

  test('has a JSON schema that requires exactly one of service_name and sid', () => {
    expect(toJsonSchema(oracle.config, { typeMode: 'input', errorMode: 'ignore' })).toMatchObject({
      required: ['host', 'username'],
      oneOf: [{ required: ['service_name'] }, { required: ['sid'] }],
    });
  });

  test.each(['A)(HOST=x', 'A(B', 'A=B', '(DESCRIPTION=(ADDRESS=))', '/etc/x', 'A B', ''])(
    'with a service name or SID of %j is rejected, because it would become part of a connect descriptor',
    (name) => {
      expect(v.is(oracle.config, { ...base, service_name: name })).toBe(false);
      expect(v.is(oracle.config, { ...base, sid: name })).toBe(false);
    },
  );
});

const as = (username: string, secret: string) => ({
  config: { username },
  credentials: { auth_method: 'password', password: secret },
});
const service = (name: string) => ({ config: { service_name: name } });

// A stand-in: a scripted listener and logon behind the real driver, with SQLite tables named like the
// dictionary. No statement has run on an Oracle Database. The stand-in rejects a query outside of a read-only
// transaction.
const env = reach('oracle', { ORACLE_TLS: 'server' });
const plain = reach('oracle', { ORACLE_TLS: 'off' });
onEngine([env, plain], () => {
  describe('Oracle stand-in that speaks TNS', () => {
    const portOf = (ORACLE_TLS: string) => {
      const other = reach('oracle', { ORACLE_TLS });
      return { engine: other, config: { port: Number(other['ORACLE_PORT']) } };
    };
    const port = Number(plain['ORACLE_PORT']);

    sourceContract({
      connector: oracle,
      config: {
        host: 'localhost',
        port: Number(env['ORACLE_PORT']),
        service_name: env['ORACLE_SERVICE'] ?? '',
        username: env['ORACLE_USER'] ?? '',
      },
      credentials: { auth_method: 'password', password: env['ORACLE_PASSWORD'] ?? '' },
      version: /^Oracle Database 19\.24\.0\.0\.0$/,
      // TLS uses a separate port (TCPS).
      certificates: {
        plain: { config: { port } },
        off: { config: { port } },
        ...Object.fromEntries(
          (['expired', 'wronghost', 'selfsigned'] as const).map((kind) => [kind, portOf(kind)]),
        ),
      },
      withoutTls: 'tls-unsupported',
      many: service('many'),
      huge: service('warehouse'),
      odd: { names: ['a.b', "it's", ' leading space', 'x]y', 'größe ☕', 'lower', 'semi;colon', '%_'] },
      nobody: as('mooring_nobody', 'nobody'),
      stall: async () => ({ ...as('mooring_stalled', 'stalled'), [Symbol.asyncDispose]: async () => {} }),
      refused: {
        'a wrong password': {
          credentials: { auth_method: 'password', password: 'never-the-right-one' },
          code: 'authentication-failed',
          native: 'ORA-01017',
          cure: /user name/,
        },
        'an unknown user': {
          config: { username: 'nobody_at_all' },
          code: 'authentication-failed',
          native: 'ORA-01017',
          cure: /user name/,
        },
        'an unknown service': {
          ...service('nowhere'),
          code: 'database-not-found',
          native: 'NJS-518',
          cure: /service_name/,
        },
        'an unknown SID': {
          config: { service_name: undefined, sid: 'NOWHERE' },
          code: 'database-not-found',
          native: 'NJS-519',
          cure: /service_name/,
        },
        'a service name that the listener treats as a SID': {
          ...service('closed'),
          code: 'database-not-found',
          native: 'NJS-519',
          cure: /SID/,
        },
        'a locked account': {
          ...as('mooring_locked', 'locked'),
          code: 'account-locked',
          native: 'ORA-28000',
          cure: /ACCOUNT UNLOCK/,
        },
        'an expired password': {
          ...as('mooring_expired', 'expired'),
          code: 'credentials-expired',
          native: 'ORA-28001',
          cure: /expired/,
        },
        'an account without CREATE SESSION': {
          ...as('mooring_no_session', 'session'),
          code: 'permission-denied',
          native: 'ORA-01045',
          cure: /GRANT CREATE SESSION/,
        },
        'an account with only a 10g verifier': {
          ...as('mooring_10g', 'old'),
          code: 'authentication-failed',
          native: 'NJS-116',
          cure: /ALLOWED_LOGON_VERSION_SERVER/,
        },
        'a server older than 12.1': {
          ...service('old'),
          code: 'unsupported-version',
          native: 'NJS-138',
          cure: /12\.1/,
        },
        'an instance that starts': {
          ...service('starting'),
          code: 'server-error',
          native: 'ORA-12528',
          cure: /starting, .* Try again in a minute/,
        },
        'an instance without free processes': {
          ...service('full'),
          code: 'too-many-connections',
          native: 'ORA-12519',
          cure: /PROCESSES/,
        },
      },
    });

    const tried = (config: object = {}, seconds = 5) =>
      runSourceTest(
        oracle,
        buildOracleTarget(port, config),
        buildOracleSessionOptions('disable', 'ca.crt', seconds),
      );
    const opened = (username: string, password: string, seconds: number) => {
      const target = buildOracleTarget(port, { username }, password);
      return openManagedSession(
        oracle,
        { ...target, options: { ...target.options, query_timeout_seconds: seconds } },
        buildOracleSessionOptions('disable'),
      );
    };

    // To cancel a call, the driver asks the server and waits for its answer.
    test('a cancelled query fails with timeout, and the session stays usable', async () => {
      await using session = await opened('mooring_stalled', 'stalled', 0.2);
      const asked = session.introspect({ excludedSchemas: [] }, () => {});
      await expect(asked).rejects.toMatchObject({ code: 'timeout', extras: { native_code: 'NJS-123' } });
      expect(await session.ping()).toMatch(/^Oracle Database 19/);
    });

    test('a query fails at its time limit when the server stops answering', async () => {
      await using session = await opened('mooring_deaf', 'deaf', 0.2);
      await expect(session.introspect({ excludedSchemas: [] }, () => {})).rejects.toMatchObject({
        code: 'timeout',
        message: expect.not.stringContaining('25 s'), // the limit of the whole operation
        extras: { remediation: expect.stringContaining('query_timeout_seconds') },
      });
    });

    test('a redirect from the listener is followed through the dialer', async () => {
      const { details } = await tried({ service_name: 'moved' });
      expect(details).toMatchObject({ code: 'connection-refused' });
    });

    test('a redirect to a host name is followed to the address that the resolver returns', async () => {
      await using listener = await plainServer((socket) => {
        const to = `(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=node-2.example.test)(PORT=${port})))`;
        socket.once('data', () => socket.write(encodeOracleRedirect(to)));
      });
      const asked: string[] = [];
      const { status } = await runSourceTest(
        oracle,
        buildOracleTarget(listener.port, { host: '127.0.0.1' }),
        {
          ...buildOracleSessionOptions('disable'),
          resolve: async (name) => {
            asked.push(name);
            return ['127.0.0.1'];
          },
        },
      );
      expect([status, asked]).toEqual(['connected', ['node-2.example.test']]);
    });

    test('a silent listener fails at the time limit of the step', async () => {
      const { steps } = await tried({ service_name: 'silent' }, 0.3);
      expect(steps.find(({ status }) => status === 'failed')).toMatchObject({
        step: 'authenticate',
        code: 'timeout',
      });
    });
  });
});
