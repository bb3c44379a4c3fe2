import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { toJsonSchema } from '@valibot/to-json-schema';
import fc from 'fast-check';
import * as v from 'valibot';
import type { Connector } from '../../shared/connectors/connector.ts';
import type { ConnectionStringSample, ConnectorSample } from '../../shared/connectors/contract-sample.ts';
import { Problem, problemCodes } from '../../shared/problem.ts';
import { privateKey } from '../samples.ts';
import { fillCredentials } from './samples.ts';

const usualString: ConnectionStringSample = {
  url: (scheme, secret) => `${scheme}://me:${secret}@db.example.test:12345/shop`,
  says: (password) => ({
    config: { host: 'db.example.test', port: 12345, database: 'shop', username: 'me' },
    credentials: { password },
  }),
};

/** The contract of every connector that needs no server. */
export const connectorContract = (connector: Connector, sample: ConnectorSample) => {
  const methods = Object.entries(connector.credentials);
  const credentials = fillCredentials(sample, privateKey);

  test('has JSON Schemas that a form can be generated from', () => {
    for (const schema of [connector.config, ...methods.map(([, fields]) => fields)]) {
      expect(toJsonSchema(schema, { typeMode: 'input', ignoreActions: ['check'] })).toMatchObject({
        type: 'object',
        additionalProperties: false,
      });
    }
  });

  test('accepts a minimal config and adds the defaults', () => {
    const config: Readonly<Record<string, unknown>> = v.parse(connector.config, sample.config);
    expect(config).toMatchObject(sample.config);
    if (connector.defaultPort !== undefined) expect(config['port']).toBe(connector.defaultPort);
  });

  test('accepts credentials for each of its auth methods', () => {
    expect(Object.keys(credentials).sort()).toEqual(methods.map(([method]) => method).sort());
    for (const [method, fields] of methods) expect(v.is(fields, credentials[method])).toBe(true);
  });

  test('has no credentials field in its config', () => {
    for (const [, fields] of methods) {
      for (const name of Object.keys(fields.entries))
        expect(connector.config.entries).not.toHaveProperty(name);
    }
  });

  test('refuses unknown fields', () => {
    const more = { ssl_key_file: '/etc/passwd' };
    expect(v.is(connector.config, { ...sample.config, ...more })).toBe(false);
    for (const [method, fields] of methods) {
      expect(v.is(fields, { ...credentials[method], ...more })).toBe(false);
    }
  });

  test('refuses texts with a NUL character, which would end a string on the wire', () => {
    for (const [name, value] of Object.entries(sample.config)) {
      if (typeof value !== 'string') continue;
      expect(v.is(connector.config, { ...sample.config, [name]: `${value}\0replication\0true` })).toBe(false);
    }
  });

  test('has every destination field in its config', () => {
    expect(connector.destination.length).toBeGreaterThan(0);
    for (const name of connector.destination) expect(connector.config.entries).toHaveProperty(name);
  });

  test('has an installed driver', () => {
    const { dependencies }: { readonly dependencies: Record<string, string> } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    );
    if (connector.driver !== undefined) expect(dependencies).toHaveProperty(connector.driver);
  });

  test('classifies any thrown value as a known problem code or not at all', async () => {
    const { failure } = await connector.load();
    const code = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.constantFrom('28000', '08P01', 'toString', '__proto__'),
    );
    const thrown = fc.oneof(
      fc.anything(),
      fc.record({ code, message: fc.string(), routine: fc.string() }, { requiredKeys: [] }),
    );
    fc.assert(
      fc.property(thrown, (error) => {
        const said = failure(error);
        if (said) expect(problemCodes).toContain(said.code);
      }),
    );
  });

  test('quotes any name that needs quotes', async () => {
    const quote = await connector.loadQuote();
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        const quoted = quote(name);
        if (quoted === name) expect(name).toMatch(sample.bareNames ?? /^[\p{L}\p{N}_$-]+$/u);
        else expect(quoted.length).toBeGreaterThan(name.length + 1);
      }),
    );
  });

  const { connectionString } = connector;
  if (connectionString) {
    describe('connection string', () =>
      connectionStrings(connectionString, sample.connectionString ?? usualString));
  }
};

const connectionStrings = (
  { schemes, parse: parser }: NonNullable<Connector['connectionString']>,
  { url, says }: ConnectionStringSample,
) => {
  const parse = async (text: string) => parser(text); // `parser` may be synchronous

  test('of each scheme is parsed into config and credentials', async () => {
    for (const scheme of schemes) {
      expect(await parse(url(scheme, 'p%40ss%2Fword'))).toMatchObject(says('p@ss/word'));
    }
  });

  test('preserves any percent-encoded secret', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text.isWellFormed()),
        async (secret) => {
          const { credentials } = await parse(url(schemes[0] ?? '', encodeURIComponent(secret)));
          expect(credentials).toEqual(says(secret).credentials);
        },
      ),
    );
  });

  test.each([
    'http://db.example.test/shop',
    'file:///etc/passwd',
    'db.example.test',
    '',
    '://',
    'jdbc:odbc:shop',
  ])('is refused when it is not one of this connector: %j', async (text) =>
    expect(await refusal(() => parse(text))).toMatchObject([{ path: 'connection_string' }]),
  );

  test('is refused with the name, but not the value, of an option that is not allowed', async () => {
    const [complaint] = await refusal(() =>
      parse(`${schemes[0]}://me@db.example.test/shop?load_extension=never-told`),
    );
    expect(complaint?.expected).toContain('load_extension');
    expect(complaint?.expected).not.toContain('never-told');
  });

  test('is refused without the name of an option that may be part of a password', async () => {
    for (const piece of ['2f9secret', 'x9.y-secret']) {
      const said = await outcome(() => parse(`${schemes[0]}://me@db.example.test/shop?a=1&${piece}=`));
      expect(said).not.toEqual([]);
      expect(JSON.stringify(said)).not.toContain('secret');
    }
  });

  test('is never repeated in the refusal, even when its password is not encoded', async () => {
    const piece = fc.stringMatching(/^[a-z]{12}$/);
    const separator = fc.constantFrom('/', '?', '#', '@', '%', '&', '=', ':', ' ', '\\', '[', '%zz');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(separator, piece), { minLength: 1, maxLength: 4 }),
        async (pieces) => {
          const secret = pieces.flat().join('');
          const said = JSON.stringify(
            await outcome(() => parse(`${schemes[0]}://me:1${secret}@db.example.test:1/shop`)),
          );
          for (const [, word] of pieces) expect(said).not.toContain(word);
        },
      ),
    );
  });
};

/** Returns the texts of a refusal, or nothing when the text was accepted. */
const outcome = async (work: () => Promise<unknown>) => {
  try {
    await work();
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expect(error.code).toBe('invalid-request');
    return [error.message, error.extras];
  }
};

const refusal = async (work: () => Promise<unknown>) => {
  try {
    await work();
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid-request') return error.extras.errors ?? [];
    throw error;
  }
  throw new Error('was not refused');
};
