import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sslModes } from '../../shared/connectors/connector.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import { destinationOf, mayGoTo } from '../../shared/domain/destination.ts';
import { defaultOptions } from '../../shared/domain/connection-options.ts';

const connector = connectors.postgresql;

const settings = fc.record({
  config: fc.record({
    host: fc.constantFrom('a.example.com', 'b.example.com'),
    port: fc.constantFrom(1, 2, 12),
    username: fc.constantFrom('reader', 'writer'),
    database: fc.constantFrom('shop', 'store'),
  }),
  options: fc.record({
    ...Object.fromEntries(Object.entries(defaultOptions).map(([name, value]) => [name, fc.constant(value)])),
    ssl_mode: fc.constantFrom(...sslModes),
    max_connections: fc.nat(),
  }) as fc.Arbitrary<typeof defaultOptions>, // what `fromEntries` cannot say
  ssl: fc.record({
    ca: fc.constantFrom(null, 'rds', 'an authority'),
    cert: fc.constantFrom(null, 'a certificate'),
  }),
});

type Settings = typeof settings extends fc.Arbitrary<infer S> ? S : never;

const may = (bound: Settings, now: Settings) =>
  mayGoTo(destinationOf(connector, bound), destinationOf(connector, now));

const strength = ({ options }: Settings) => sslModes.indexOf(options.ssl_mode);

describe('credentials', () => {
  test('may go where they were given for, whatever else has changed', () => {
    fc.assert(
      fc.property(settings, settings, (bound, other) => {
        const { host, port, username } = bound.config;
        const same = {
          config: { ...other.config, host, port, username },
          options: { ...other.options, ssl_mode: bound.options.ssl_mode },
          ssl: { ...other.ssl, ca: bound.ssl.ca },
        };
        expect(may(bound, same)).toBe(true);
      }),
    );
  });

  test('may go nowhere else, and with no weaker TLS', () => {
    fc.assert(
      fc.property(settings, settings, (bound, now) => {
        const sameFields = (['host', 'port', 'username'] as const).every(
          (field) => bound.config[field] === now.config[field],
        );
        const expected = sameFields && bound.ssl.ca === now.ssl.ca && strength(now) >= strength(bound);
        expect(may(bound, now)).toBe(expected);
      }),
    );
  });

  test('that may go there and back are bound alike', () => {
    fc.assert(
      fc.property(settings, settings, (one, other) => {
        if (may(one, other) && may(other, one))
          expect(destinationOf(connector, one)).toEqual(destinationOf(connector, other));
      }),
    );
  });

  test('are held by every destination field that a connector declares', () => {
    for (const each of Object.values(connectors)) {
      const config = Object.fromEntries(each.destination.map((field) => [field, 'x']));
      const bound = { config, options: defaultOptions, ssl: { ca: null, cert: null } };
      for (const field of each.destination)
        for (const value of ['y', null, ['x'], { x: 1 }])
          expect(
            mayGoTo(
              destinationOf(each, bound),
              destinationOf(each, { ...bound, config: { ...config, [field]: value } }),
            ),
          ).toBe(false);
    }
  });
});
