import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sslModes, type Connector } from '../../shared/connectors/connector.ts';
import { connectors, type ConnectorType } from '../../shared/connectors/registry.ts';
import { defaultOptions } from '../../shared/domain/connections/connection-options.ts';
import {
  describeDestination,
  type DestinationSettings,
} from '../../shared/domain/credentials/destination.ts';
import { canSendCredentialsTo } from '../../shared/domain/credentials/send-credentials.ts';
import { connectorTypes, findSample } from '../contracts/samples.ts';

const all = connectorTypes.map((type): [ConnectorType, Connector] => [type, connectors[type]]);

/** Values of a field with different meanings, in order of strength if the field has one. */
const valuesOf = (connector: Connector, field: string): readonly (string | undefined)[] => {
  if (field === 'auth_method') return Object.keys(connector.credentials);
  if (field === 'security_protocol') return [undefined, 'PLAINTEXT', 'SASL_PLAINTEXT', 'SSL', 'SASL_SSL'];
  if (field === 'sasl_mechanism') return ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];
  if (connector.strength[field] === 'url')
    return [
      undefined,
      'http://a.example:8081',
      'https://a.example:8081',
      'https://b.example:8081',
      'https://a.example',
    ];
  return [undefined, 'one.example', 'other.example'];
};

/** Arbitrary settings of a connector. Each bound field has one of a few values, so that two settings are often similar. */
const sendings = (connector: Connector): fc.Arbitrary<DestinationSettings> => {
  const pick = (field: string) => fc.constantFrom(...valuesOf(connector, field));
  const inConfig = (field: string) => connector.destination.includes(field);
  const login = Object.keys(connector.strength).filter(
    (field) => !inConfig(field) && field !== 'auth_method',
  );
  const withoutAbsent = (fields: Readonly<Record<string, string | undefined>>) =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return fc
    .record({
      config: fc.record(Object.fromEntries(connector.destination.map((field) => [field, pick(field)]))),
      method: fc.constantFrom(...Object.keys(connector.credentials)),
      login: fc.record(Object.fromEntries(login.map((field) => [field, pick(field)]))),
      mode: fc.constantFrom(...sslModes),
      ca: fc.constantFrom(null, 'rds', 'an authority'),
      cert: fc.constantFrom(null, 'a certificate'),
      free: fc.record({ database: fc.constantFrom('shop', 'store'), max_connections: fc.nat() }),
    })
    .map(({ config, method, login: how, mode, ca, cert, free }) => ({
      config: { ...withoutAbsent(config), database: free.database },
      login: { ...withoutAbsent(how), auth_method: method } as DestinationSettings['login'], // without absent fields, all values are texts
      options: { ...defaultOptions, ssl_mode: mode, max_connections: free.max_connections },
      ssl: { ca, cert },
    }));
};

const may = (connector: Connector, given: DestinationSettings, now: DestinationSettings) =>
  canSendCredentialsTo(connector, { bound: describeDestination(connector, given) }, now).allowed;

const tls: Readonly<Record<string, number>> = { PLAINTEXT: 0, SASL_PLAINTEXT: 0, '': 1, SSL: 2, SASL_SSL: 2 };

/** Whether a change does not weaken a login, stated independently of the code under test. */
const mayBecome = (type: ConnectorType, field: string, before = '', now = '') => {
  if (before === now) return true;
  if (field === 'security_protocol') return (tls[now] ?? -1) >= (tls[before] ?? 9);
  if (field === 'schema_registry_url' || field === 'endpoint')
    return before === 'http://a.example:8081' && now === 'https://a.example:8081';
  const changes = findSample(type).harmlessChanges?.[field] ?? [];
  return changes.some(([from, to]) => from === before && to === now);
};

describe.each(all)('secret of %s', (type, connector) => {
  test('can be sent to its destination, whatever else has changed', () => {
    fc.assert(
      fc.property(sendings(connector), sendings(connector), (given, other) => {
        const config = Object.fromEntries(connector.destination.map((field) => [field, given.config[field]]));
        const now = {
          config: { ...other.config, ...config },
          login: given.login,
          options: { ...other.options, ssl_mode: given.options.ssl_mode },
          ssl: { ...other.ssl, ca: given.ssl.ca },
        };
        expect(may(connector, given, now)).toBe(true);
      }),
    );
  });

  test('cannot be sent to another destination, with weaker TLS or with a weaker login', () => {
    fc.assert(
      fc.property(sendings(connector), sendings(connector), fc.boolean(), (given, drawn, near) => {
        // Half of the cases differ only in the login, because independent settings would seldom match.
        const now = near ? { ...given, login: drawn.login } : drawn;
        const fields = [...new Set([...connector.destination, ...Object.keys(connector.strength)])];
        const text = ({ config, login }: DestinationSettings, field: string) =>
          describeDestination(connector, { ...given, config, login })[field];
        const expected =
          fields.every((field) => mayBecome(type, field, text(given, field), text(now, field))) &&
          given.ssl.ca === now.ssl.ca &&
          sslModes.indexOf(now.options.ssl_mode) >= sslModes.indexOf(given.options.ssl_mode);
        expect(may(connector, given, now)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  test('is bound by every declared destination field', () => {
    const config = Object.fromEntries(connector.destination.map((field) => [field, 'x']));
    const login = { auth_method: Object.keys(connector.credentials)[0] ?? 'none' };
    const given = { config, login, options: defaultOptions, ssl: { ca: null, cert: null } };
    for (const field of connector.destination)
      for (const value of ['y', null, ['x'], { x: 1 }])
        expect(may(connector, given, { ...given, config: { ...config, [field]: value } })).toBe(false);
  });

  test('cannot be sent without a bound destination', () => {
    const login = { auth_method: 'password' };
    const nowhere = { config: {}, login, options: defaultOptions, ssl: { ca: null, cert: null } };
    expect(canSendCredentialsTo(connector, {}, nowhere)).toMatchObject({ allowed: false });
  });

  test('has strength rules only for existing fields', () => {
    const fields = Object.values(connector.credentials).flatMap(({ entries }) => Object.keys(entries));
    const known = ['auth_method', ...fields, ...connector.destination];
    expect(known).toEqual(expect.arrayContaining(Object.keys(connector.strength)));
    expect(connector.strength).toHaveProperty('auth_method');
    expect(fields).toEqual(expect.arrayContaining([...(connector.separateLogins ?? [])]));
  });
});

test('two PostgreSQL bindings that allow each other are equal', () => {
  const { postgresql } = connectors;
  fc.assert(
    fc.property(sendings(postgresql), sendings(postgresql), (one, other) => {
      if (may(postgresql, one, other) && may(postgresql, other, one))
        expect(describeDestination(postgresql, one)).toEqual(describeDestination(postgresql, other));
    }),
  );
});
