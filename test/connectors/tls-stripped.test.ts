import { describe, expect, test } from '@jest/globals';
import type { SslMode, SessionTarget } from '../../shared/connectors/connector.ts';
import { connectors, type ConnectorType } from '../../shared/connectors/registry.ts';
import { createDialer } from '../../shared/network/create-dialer.ts';
import type { LoginMethod, LoginMethods } from '../../shared/network/login-methods.ts';
import { createStepRecorder } from '../../shared/network/step-recorder.ts';
import { type ProblemCode, Problem } from '../../shared/problem.ts';
import { formIn, type Secret, startMint } from '../properties/destinations/secrets.ts';
import { kafka } from '../recording/kafka.ts';
import { oracleWith } from '../recording/oracle.ts';
import { startRecorder } from '../recording/recorder.ts';
import { tds } from '../recording/tds.ts';
import { pem } from '../network/servers.ts';
import { brokers, database, rows, sasl, type LoginWithoutTls } from './logins-without-tls.ts';
import { mysqlSaying } from './servers-without-tls.ts';

/** The login methods that each driver may use, by connector. Each connector folder has a file of them. */
const logins = Object.fromEntries(
  await Promise.all(
    Object.keys(connectors).map(async (type) => {
      const file: unknown = await import(`../../shared/connectors/${type}/logins.ts`);
      const exported = (file as Readonly<Record<string, LoginMethods>>)[`${type}Logins`];
      if (!exported) throw new Error(`logins.ts of ${type} exports no ${type}Logins`);
      return [type, exported] as const;
    }),
  ),
);

const loginOf = ({ type, login }: LoginWithoutTls): LoginMethod => {
  const found = Object.entries(logins[type] ?? {}).find(([name]) => name === login)?.[1];
  if (!found) throw new Error(`${type} has no login ${login}`);
  return found;
};

interface Outcome {
  readonly failure: { readonly code: ProblemCode; readonly message: string } | undefined;
  readonly warned: readonly ProblemCode[];
}

/** Opens a session and pings it, as a test does. Returns the outcome. */
const open = async (type: ConnectorType, target: SessionTarget, dialled: string[] = []): Promise<Outcome> => {
  const warned: ProblemCode[] = [];
  using trail = createStepRecorder({ limits: () => 5000, budget: 20_000 });
  const watched = {
    ...trail,
    warn: (...[step, warning]: Parameters<typeof trail.warn>) => {
      if (step === 'authenticate') warned.push(warning.code);
      trail.warn(step, warning);
    },
  };
  await using dialer = createDialer({
    policy: { loopback: true },
    environment: 'default',
    tlsSettings: { mode: target.options.ssl_mode, ca: pem('ca.crt') },
    recorder: watched,
    resolve: async (name) => {
      dialled.push(name);
      return name === 'localhost' ? ['127.0.0.1'] : [];
    },
  });
  try {
    const speaker = await connectors[type].load();
    await using session = await speaker.open(target, dialer);
    await session.ping();
    return { failure: undefined, warned };
  } catch (error) {
    const failure =
      error instanceof Problem ? error : new Problem('server-error', undefined, { cause: error });
    return { failure, warned };
  }
};

const tried = async (row: LoginWithoutTls, mode: SslMode) => {
  const { type, server, asks = 'clear', method = 'password', config = database } = row;
  await using recorder = await startRecorder(server);
  recorder.behave({ tls: 'off', asks });
  const secret: Secret | undefined = row.secret === undefined ? undefined : startMint()(row.secret);
  await recorder.reset(() => (secret ? [secret.value] : []));
  const dialled: string[] = [];
  const endpoint = `http://localhost:${recorder.port}`;
  const outcome = await open(
    type,
    {
      config: config(recorder.port),
      credentials: { auth_method: method, ...row.open, ...(secret && { [secret.field]: secret.value }) },
      options: { ssl_mode: mode, query_timeout_seconds: 5 },
      role: 'source',
      ...(['snowflake', 'bigquery', 'databricks'].includes(type) && { endpoint }),
    },
    dialled,
  );
  await recorder.idle();
  const forms = secret ? recorder.heard.map((heard) => formIn(heard, secret)) : [];
  const form = (['clear', 'proof'] as const).find((one) => forms.includes(one));
  return { ...outcome, form, texts: recorder.heard.flatMap(({ texts }) => texts), dialled };
};

/** Private keys are never sent. They sign a proof, which opens the account as well. */
const isSigned = ({ secret }: LoginWithoutTls) => secret === 'private_key' || secret === 'service_account';

const named = (row: LoginWithoutTls) =>
  [`${row.type}: ${loginOf(row).name}`, loginOf(row).kind, row] as const;

describe('server without TLS that asks for the secret', () => {
  test.each(rows.map(named))(
    '%s (%s) sends no secret with require or a stricter mode',
    async (_, __, row) => {
      for (const mode of ['require', 'verify-ca', 'verify-full'] as const) {
        const { failure, form } = await tried(row, mode);
        expect([mode, form, failure?.code]).toEqual([mode, undefined, expect.any(String)]);
      }
    },
  );

  test.each(rows.map(named))('%s (%s) sends at most a proof with prefer', async (_, kind, row) => {
    const { failure, form, warned, texts } = await tried(row, 'prefer');
    if (kind === 'clear' || kind === 'tls-only') {
      // MySQL has sent a scramble by then.
      expect(form).not.toBe(isSigned(row) ? 'proof' : 'clear');
      expect(failure?.code).toBe(kind === 'clear' ? 'tls-unsupported' : 'tls-required');
      expect(warned).not.toContain('password-in-clear');
    } else {
      // The login step was reached: nothing else kept the secret from being sent.
      expect(texts).not.toEqual([]);
      expect(form).toBe(kind === 'none' ? undefined : 'proof');
      expect(warned).toEqual(kind === 'weak-challenge' ? [expect.stringMatching('tls-off')] : []);
    }
  });

  test.each(rows.map(named))(
    '%s (%s) sends the secret only with a warning with disable',
    async (_, kind, row) => {
      const { failure, form, warned, dialled } = await tried(row, 'disable');
      if (kind === 'clear') {
        expect(failure?.code).not.toBe('tls-unsupported');
        expect(form).toBe(isSigned(row) ? 'proof' : 'clear');
        expect(warned).toContain('password-in-clear');
      } else if (kind === 'tls-only') {
        expect([form, failure?.code]).toEqual([undefined, 'tls-required']);
      } else {
        expect(form).toBe(kind === 'none' ? undefined : 'proof');
        expect(warned).toEqual(kind === 'weak-challenge' ? [expect.stringMatching('tls-off')] : []);
      }
      expect(dialled.filter((name) => name !== 'localhost')).toEqual([]);
    },
  );
});

test.each(Object.keys(connectors))(
  'this file tests every login of %s, and each login names its manual',
  (type) => {
    const all = logins[type] ?? {};
    const here = rows.filter((row) => row.type === type).map(({ login }) => login);
    expect(new Set(here)).toEqual(new Set(Object.keys(all)));
    for (const { manual } of Object.values(all)) expect(manual).toMatch(/^https:/);
  },
);

describe('server with TLS that redirects to a server without TLS', () => {
  test.each([
    ['kafka', kafka, 'sasl', 'sasl_password', sasl('PLAIN'), brokers],
    ['sqlserver', tds, 'password', 'password', {}, database],
  ] as const)(
    '%s receives the secret, and with prefer the second server does not',
    async (...[type, server, method, field, given, config]) => {
      await using first = await startRecorder(server);
      await using second = await startRecorder(server);
      const secret = startMint()(field);
      const sentOn = async (mode: SslMode, tls: 'trusted' | 'off') => {
        first.behave({ tls, asks: 'clear', announces: second.port });
        second.behave({ tls: 'off', asks: 'clear' });
        for (const one of [first, second]) await one.reset(() => [secret.value]);
        const outcome = await open(type, {
          config: config(first.port),
          credentials: { auth_method: method, ...given, [field]: secret.value },
          options: { ssl_mode: mode, query_timeout_seconds: 5 },
          role: 'source',
        });
        for (const one of [first, second]) await one.idle();
        const heardBy = ({ heard }: typeof first) => heard.some((one) => formIn(one, secret) === 'clear');
        expect(first.announcements).toContainEqual({ from: first.port, to: second.port });
        return { code: outcome.failure?.code, first: heardBy(first), second: heardBy(second) };
      };
      expect(await sentOn('prefer', 'trusted')).toEqual({
        code: 'tls-unsupported',
        first: true,
        second: false,
      });
      expect(await sentOn('disable', 'off')).toMatchObject({ first: true, second: true });
    },
  );
});

describe('server that asks for the secret in an invalid way', () => {
  test.each([0, 16, 24])(
    'an Oracle server whose part of the key has %d bytes receives no password',
    async (bytes) => {
      for (const mode of ['prefer', 'disable'] as const) {
        const row = rows.find(({ type }) => type === 'oracle');
        const { failure, form } = await tried(
          { type: 'oracle', login: 'password', ...row, server: oracleWith(bytes) },
          mode,
        );
        expect([form, failure?.code]).toEqual([undefined, 'protocol-mismatch']);
      }
    },
  );

  test.each([
    ['ends in the next packet', 'sha256_passwor', true],
    ['is none of letters', 'sha256_passwörd\0', true],
    ['is nobody’s', 'client_ed25519\0', false],
  ])(
    'a MySQL server receives only a proof when it requests a plugin whose name %s',
    async (_, plugin, refused) => {
      const { failure, form } = await tried(
        { type: 'mysql', login: 'sha256', server: mysqlSaying(plugin), secret: 'password' },
        'disable',
      );
      expect(form).toBe('proof'); // the scramble that is sent with the name
      expect(failure?.code).toBe(refused ? 'protocol-mismatch' : 'server-error');
    },
  );
});
