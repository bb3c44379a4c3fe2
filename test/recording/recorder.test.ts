import { describe, expect, test } from '@jest/globals';
import type { ConnectorType } from '../../shared/connectors/registry.ts';
import { connectorTypes, directTo, findSample } from '../contracts/samples.ts';
import { formIn, startMint } from '../properties/destinations/secrets.ts';
import { startWorld, type World } from '../properties/destinations/world.ts';
import { pem } from '../network/servers.ts';
import { loadStandIn } from './stand-in.ts';

const standIns = await Promise.all(
  connectorTypes.map(async (type) => [type, await loadStandIn(type)] as const),
);
const cases = standIns.flatMap(([type, { receives }]) =>
  receives.map(({ tls, asks, secrets, fields }) => [type, { tls, asks }, secrets, fields] as const),
);

/** A config that leads to the first server, and to the first registry if there is one. */
const buildConfig = (type: ConnectorType, { own: [first], registry: [registry] }: World) => {
  const { logins } = findSample(type);
  const withRegistry = [logins['registry'] ?? []].flat().map(({ config }) => {
    const server = { host: 'localhost', port: registry?.port ?? 1, scheme: 'https' } as const;
    return registry && config?.(server);
  });
  return directTo(type, first?.port ?? 1, 'https', withRegistry[0]).config;
};
const scram = (mechanism: string) => ({ sasl_username: 'me', sasl_mechanism: mechanism });

describe('recording server', () => {
  test.each(cases)(
    'finds the secret that it received: %s %j: %j',
    async (type, behaviour, expected, open = {}) => {
      await using world = await startWorld(type);
      const mint = startMint();
      const secrets = Object.keys(expected).map(mint);
      for (const recorder of world.all) {
        recorder.behave(behaviour);
        await recorder.reset(() => secrets.map(({ value }) => value));
      }
      const [key] = secrets.filter(({ field }) => field === 'ssl_key');
      const given = secrets.filter((secret) => secret !== key).map(({ field, value }) => [field, value]);
      const body = {
        name: 'Draft',
        type,
        config: buildConfig(type, world),
        credentials: { ...open, ...Object.fromEntries(given) },
        options: {
          ssl_mode: behaviour.tls === 'off' ? 'disable' : 'verify-full',
          connection_timeout_seconds: 5,
        },
        ssl: { ca: pem('ca.crt'), ...(key && { cert: key.certificate, key: key.value }) },
      };
      const { status, text } = await world.api.call('POST /v1/connections/test', { body });
      expect([status, text]).toEqual([200, expect.any(String)]);
      const heard = world.all.flatMap((recorder) => recorder.heard);
      const found = secrets.map((secret) => {
        const forms = new Set(heard.map((record) => formIn(record, secret)));
        return [secret.field, (['clear', 'proof'] as const).find((form) => forms.has(form)) ?? 'nothing'];
      });
      expect(Object.fromEntries(found)).toEqual(expected);
    },
  );

  test.each([
    ['kafka', 'clear', scram('PLAIN'), 'sasl_password'],
    ['kafka', 'clear', scram('SCRAM-SHA-256'), 'sasl_password'],
    ['sqlserver', 'clear', {}, 'password'],
    ['oracle', 'challenge', {}, 'password'],
  ] as const)('finds the secret of %s after a redirect: %s %j', async (type, asks, open, field) => {
    await using world = await startWorld(type);
    const secret = startMint()(field);
    const [first, second] = world.own;
    for (const recorder of world.own) await recorder.reset(() => [secret.value]);
    first?.behave({ tls: 'off', asks, announces: second?.port });
    second?.behave({ tls: 'off', asks });
    const { config } = directTo(type, first?.port ?? 1);
    const body = {
      name: 'Draft',
      type,
      config,
      credentials: { ...open, [field]: secret.value },
      options: { ssl_mode: 'disable', connection_timeout_seconds: 5 },
    };
    const { status } = await world.api.call('POST /v1/connections/test', { body });
    expect(status).toBe(200);
    expect(first?.announcements).toContainEqual({ from: first?.port, to: second?.port });
    expect(second?.heard.some((record) => formIn(record, secret) !== undefined)).toBe(true);
  });

  test.each(standIns)('has a case for %s', (_, { receives }) => {
    expect(receives).not.toEqual([]);
  });

  test('finds a secret in any encoding, and no similar secret', () => {
    const secret = startMint()('password');
    const text = secret.needle;
    const record = (heard: string) => ({ port: 1, tls: 'off' as const, texts: [heard], proofs: [] });
    const spelt = [
      `a${text}b`,
      ...['', 'a', 'ab'].map((before) => Buffer.from(`${before}${text}cd`).toString('base64')),
      Buffer.from(text).toString('hex'),
      Buffer.from(text, 'utf16le').toString('latin1'),
    ];
    expect(spelt.map((each) => formIn(record(each), secret))).toEqual(spelt.map(() => 'clear'));
    expect(formIn(record(startMint()('password').needle), secret)).toBeUndefined();
  });
});
