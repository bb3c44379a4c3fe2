import { describe, expect, test } from '@jest/globals';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { examine, openSession } from '../../shared/connectors/examine.ts';
import { oracle } from '../../shared/connectors/oracle/connector.ts';
import { parse } from '../../shared/parse.ts';
import { connectorContract } from '../contracts/connector.ts';
import { reach } from '../engines/reach.ts';
import { optionsOf, targetOf } from './oracle-furniture.ts';

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

describe('a config', () => {
  const base = { host: 'db.example.test', username: 'me' };

  test.each([
    ['neither', base],
    ['both', { ...base, service_name: 'SHOP', sid: 'ORCL' }],
  ])('with %s of service_name and sid is refused when a connection is created', async (_, config) => {
    const parsed = async () => parse(oracle.config, config, 'config');
    await expect(parsed()).rejects.toMatchObject({
      code: 'invalid-request',
      extras: { errors: [{ path: 'config.service_name', expected: 'one of service_name and sid' }] },
    });
  });

  test('says so to whoever builds a form', () => {
    expect(toJsonSchema(oracle.config, { typeMode: 'input', errorMode: 'ignore' })).toMatchObject({
      required: ['host', 'username'],
      oneOf: [{ required: ['service_name'] }, { required: ['sid'] }],
    });
  });

  test.each(['A)(HOST=x', 'A(B', 'A=B', '(DESCRIPTION=(ADDRESS=))', '/etc/x', 'A B', ''])(
    'with a service of %j is refused: it would be part of a descriptor',
    (name) => {
      expect(v.is(oracle.config, { ...base, service_name: name })).toBe(false);
      expect(v.is(oracle.config, { ...base, sid: name })).toBe(false);
    },
  );
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
      ['a wrong password', {}, 'never-the-right-one', 'authentication-failed', 'ORA-01017', /user name/],
      ['an unknown user', { username: 'nobody_at_all' }, undefined, 'authentication-failed', 'ORA-01017', /user name/],
      ['an unknown service', { service_name: 'nowhere' }, undefined, 'database-not-found', 'NJS-518', /service_name/],
      ['an unknown sid', { service_name: undefined, sid: 'NOWHERE' }, undefined, 'database-not-found', 'NJS-519', /service_name/],
      ['a service that the listener takes for a sid', { service_name: 'closed' }, undefined, 'database-not-found', 'NJS-519', /SID/],
      ['a locked account', { username: 'mooring_locked' }, 'locked', 'account-locked', 'ORA-28000', /ACCOUNT UNLOCK/],
      ['an expired password', { username: 'mooring_expired' }, 'expired', 'credentials-expired', 'ORA-28001', /expired/],
      ['no right to log in', { username: 'mooring_no_session' }, 'session', 'permission-denied', 'ORA-01045', /GRANT CREATE SESSION/],
      ['a verifier of 10g alone', { username: 'mooring_10g' }, 'old', 'authentication-failed', 'NJS-116', /ALLOWED_LOGON_VERSION_SERVER/],
      ['a server older than 12.1', { service_name: 'old' }, undefined, 'unsupported-version', 'NJS-138', /12\.1/],
      ['an instance that starts', { service_name: 'starting' }, undefined, 'server-error', 'ORA-12528', /try again/],
      ['an instance that is full', { service_name: 'full' }, undefined, 'too-many-connections', 'ORA-12519', /PROCESSES/],
    ])('%s is told from everything else', async (_, config, password, code, native, cure) => {
      const { steps } = await tried(config, password);
      expect(failed(steps)).toMatchObject({
        step: 'authenticate',
        code,
        native_code: native,
        remediation: expect.stringMatching(cure),
      });
      expect(steps.slice(-2).map(({ status }) => status)).toEqual(['skipped', 'skipped']);
    }); // prettier-ignore

    test('what is asked is asked in a transaction that only reads', async () => {
      await using session = await openSession(oracle, targetOf(port), optionsOf('disable'));
      // Statements are beyond the listener; outside of such a transaction it says something else.
      await expect(session.introspect({ excludedSchemas: [] }, () => {})).rejects.toMatchObject({
        code: 'permission-denied',
        extras: { native_code: 'ORA-00942' },
      });
      const { steps } = await tried();
      expect(steps.find(({ step }) => step === 'query')).toMatchObject({ status: 'passed' });
      expect(failed(steps)).toMatchObject({ step: 'privileges', native_code: 'ORA-00942' });
    });

    // The driver gives up a call by asking the server to, and waits for its word.
    test('a query that takes too long ends at its limit, also where the server says nothing more', async () => {
      const target = targetOf(port, { username: 'mooring_stalled' }, 'stalled');
      const short = { ...target, options: { ...target.options, query_timeout_seconds: 0.2 } };
      await using session = await openSession(oracle, short, optionsOf('disable'));
      await expect(session.introspect({ excludedSchemas: [] }, () => {})).rejects.toMatchObject({
        code: 'timeout',
        message: expect.not.stringContaining('25 s'), // the limit of everything together
      });
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
  });
