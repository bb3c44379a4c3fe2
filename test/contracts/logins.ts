import { describe, expect, test } from '@jest/globals';
import type { SessionTarget, SslMode } from '../../shared/connectors/connector.ts';
import type { LoginSample } from '../../shared/connectors/contract-sample.ts';
import { connectors, type ConnectorType } from '../../shared/connectors/registry.ts';
import { createDialer } from '../../shared/network/create-dialer.ts';
import type { LoginMethod, LoginMethods } from '../../shared/network/login-methods.ts';
import { createStepRecorder } from '../../shared/network/step-recorder.ts';
import { type ProblemCode, Problem } from '../../shared/problem.ts';
import { pem } from '../network/servers.ts';
import { formIn, type Secret, startMint } from '../properties/destinations/secrets.ts';
import { type Protocol, startRecorder } from '../recording/recorder.ts';
import type { LoginServer, StandIn } from '../recording/stand-in.ts';
import { directTo, fillCredentials, findSample } from './samples.ts';

/** Loads the login methods that the driver of a connector may use. */
export const loadLogins = async (type: ConnectorType): Promise<LoginMethods> => {
  const file: Readonly<Record<string, LoginMethods>> = await import(
    `../../shared/connectors/${type}/logins.ts`
  );
  const logins = file[`${type}Logins`];
  if (!logins) throw new Error(`logins.ts of ${type} exports no ${type}Logins`);
  return logins;
};

/** The contract of every login: what a server without TLS receives that asks for the secret in exactly this way. */
export const loginsContract = (type: ConnectorType, logins: LoginMethods, standIn: StandIn) => {
  const samples = findSample(type).logins;
  const own: readonly LoginServer[] = [{}];
  const rows = Object.entries(logins).flatMap(([login, method]) =>
    [samples[login] ?? []].flat().flatMap((sample) =>
      (standIn.logins?.[login] ?? own).map(({ server = ownServer(standIn), asks = 'clear' }) => {
        const tried = (mode: SslMode) => tryLogin(type, sample, { server, asks }, mode);
        return [method.name, method.kind, sample, tried] as const;
      }),
    ),
  );

  test('has a sample of every login, and each login names its manual', () => {
    expect(Object.keys(samples).sort()).toEqual(Object.keys(logins).sort());
    for (const { manual } of Object.values<LoginMethod>(logins)) expect(manual).toMatch(/^https:/);
  });

  describe('server without TLS that asks for the secret', () => {
    test.each(rows)(
      '%s (%s) sends no secret with require or a stricter mode',
      async (_name, _kind, _sample, tried) => {
        for (const mode of ['require', 'verify-ca', 'verify-full'] as const) {
          const { failure, form } = await tried(mode);
          expect([mode, form, failure?.code]).toEqual([mode, undefined, expect.any(String)]);
        }
      },
    );

    test.each(rows)('%s (%s) sends at most a proof with prefer', async (_name, kind, sample, tried) => {
      const { failure, form, warned, texts } = await tried('prefer');
      if (kind === 'clear' || kind === 'tls-only') {
        // MySQL has sent a scramble by then.
        expect(form).not.toBe(isSigned(sample) ? 'proof' : 'clear');
        expect(failure?.code).toBe(kind === 'clear' ? 'tls-unsupported' : 'tls-required');
        expect(warned).not.toContain('password-in-clear');
      } else {
        // The login step was reached: nothing else kept the secret from being sent.
        expect(texts).not.toEqual([]);
        expect(form).toBe(kind === 'none' ? undefined : 'proof');
        expect(warned).toEqual(kind === 'weak-challenge' ? [expect.stringMatching('tls-off')] : []);
      }
    });

    test.each(rows)(
      '%s (%s) sends the secret only with a warning with disable',
      async (_name, kind, sample, tried) => {
        const { failure, form, warned, dialled } = await tried('disable');
        if (kind === 'clear') {
          expect(failure?.code).not.toBe('tls-unsupported');
          expect(form).toBe(isSigned(sample) ? 'proof' : 'clear');
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
};

const ownServer = ({ own, deployment }: StandIn): Protocol => {
  const server = own ?? deployment?.protocol;
  if (!server) throw new Error('the stand-in has no server');
  return server;
};

/** Private keys are never sent. They sign a proof, which opens the account as well. */
const isSigned = ({ secret }: LoginSample) => secret === 'private_key' || secret === 'service_account';

/** Uses a login against a server without TLS, and returns what the server received. */
export const tryLogin = async (
  type: ConnectorType,
  sample: LoginSample,
  { server, asks }: Required<LoginServer>,
  mode: SslMode,
) => {
  await using recorder = await startRecorder(server);
  recorder.behave({ tls: 'off', asks });
  const secret: Secret | undefined = sample.secret === undefined ? undefined : startMint()(sample.secret);
  await recorder.reset(() => (secret ? [secret.value] : []));
  const dialled: string[] = [];
  const [first = ''] = Object.keys(connectors[type].credentials);
  const { method = first, fields, config } = sample;
  const place = { host: 'localhost', port: recorder.port, scheme: 'http' } as const;
  const outcome = await openSession(
    type,
    {
      ...directTo(type, recorder.port, 'http', config?.(place)),
      credentials: {
        auth_method: method,
        ...fillCredentials(findSample(type), '')[method],
        ...fields,
        ...(secret && { [secret.field]: secret.value }),
      },
      options: { ssl_mode: mode, query_timeout_seconds: 5 },
      role: 'source',
    },
    dialled,
  );
  await recorder.idle();
  const forms = secret ? recorder.heard.map((heard) => formIn(heard, secret)) : [];
  const form = (['clear', 'proof'] as const).find((one) => forms.includes(one));
  return { ...outcome, form, texts: recorder.heard.flatMap(({ texts }) => texts), dialled };
};

interface Outcome {
  readonly failure: { readonly code: ProblemCode; readonly message: string } | undefined;
  readonly warned: readonly ProblemCode[];
}

/** Opens a session and pings it, as a test does. Returns the outcome. */
export const openSession = async (
  type: ConnectorType,
  target: SessionTarget,
  dialled: string[] = [],
): Promise<Outcome> => {
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
