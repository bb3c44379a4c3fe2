import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { toJsonSchema } from '@valibot/to-json-schema';
import fc from 'fast-check';
import * as v from 'valibot';
import type { Connector, ConnectionStringParts } from '../../shared/connectors/connector.ts';
import { Problem, problemCodes } from '../../shared/problem.ts';

export interface ConnectorSample {
  /** The least that a connection must say. */
  readonly config: Readonly<Record<string, unknown>>;
  /** For every auth method, one set of its fields. */
  readonly credentials: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Names that stand without quotes, where dots and the like mean nothing. */
  readonly bare?: RegExp;
  /** Where a connection string says something else than host, port and database. */
  readonly connectionString?: StringSample;
}

interface StringSample {
  readonly url: (scheme: string, secret: string) => string;
  readonly says: (secret: string) => Pick<ConnectionStringParts, 'config' | 'credentials'>;
}

const usualString: StringSample = {
  url: (scheme, secret) => `${scheme}://me:${secret}@db.example.test:12345/shop`,
  says: (password) => ({
    config: { host: 'db.example.test', port: 12345, database: 'shop', username: 'me' },
    credentials: { password },
  }),
};

/** What holds of every connector before it has met a server. */
export const connectorContract = (connector: Connector, sample: ConnectorSample) => {
  const methods = Object.entries(connector.credentials);

  test('has JSON Schemas that a form can be built from', () => {
    for (const schema of [connector.config, ...methods.map(([, fields]) => fields)]) {
      expect(toJsonSchema(schema, { typeMode: 'input', ignoreActions: ['check'] })).toMatchObject({
        type: 'object',
        additionalProperties: false,
      });
    }
  });

  test('takes the least that there is to say, and fills in the rest', () => {
    const config: Readonly<Record<string, unknown>> = v.parse(connector.config, sample.config);
    expect(config).toMatchObject(sample.config);
    if (connector.defaultPort !== undefined) expect(config['port']).toBe(connector.defaultPort);
  });

  test('takes each of its auth methods', () => {
    expect(Object.keys(sample.credentials).sort()).toEqual(methods.map(([method]) => method).sort());
    for (const [method, fields] of methods) expect(v.is(fields, sample.credentials[method])).toBe(true);
  });

  test('knows no field by two names: what is secret is not config', () => {
    for (const [, fields] of methods) {
      for (const name of Object.keys(fields.entries))
        expect(connector.config.entries).not.toHaveProperty(name);
    }
  });

  test('refuses fields that it does not name', () => {
    const more = { ssl_key_file: '/etc/passwd' };
    expect(v.is(connector.config, { ...sample.config, ...more })).toBe(false);
    for (const [method, fields] of methods) {
      expect(v.is(fields, { ...sample.credentials[method], ...more })).toBe(false);
    }
  });

  test('refuses texts that would end a string on the wire early', () => {
    for (const [name, value] of Object.entries(sample.config)) {
      if (typeof value !== 'string') continue;
      expect(v.is(connector.config, { ...sample.config, [name]: `${value}\0replication\0true` })).toBe(false);
    }
  });

  test('goes where its config says: every destination is one of its fields', () => {
    expect(connector.destination.length).toBeGreaterThan(0);
    for (const name of connector.destination) expect(connector.config.entries).toHaveProperty(name);
  });

  test('names a driver that is installed', () => {
    const { dependencies }: { readonly dependencies: Record<string, string> } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    );
    if (connector.driver !== undefined) expect(dependencies).toHaveProperty(connector.driver);
  });

  test('has a word of ours for whatever is thrown, or leaves it', async () => {
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

  test('quotes so that a name stays one name', async () => {
    const quote = await connector.loadQuote();
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        const quoted = quote(name);
        if (quoted === name) expect(name).toMatch(sample.bare ?? /^[\p{L}\p{N}_$-]+$/u);
        else expect(quoted.length).toBeGreaterThan(name.length + 1);
      }),
    );
  });

  const { connectionString } = connector;
  if (connectionString) {
    describe('a connection string', () =>
      connectionStrings(connectionString, sample.connectionString ?? usualString));
  }
};

const connectionStrings = (
  { schemes, parse: parser }: NonNullable<Connector['connectionString']>,
  { url, says }: StringSample,
) => {
  const parse = async (text: string) => parser(text); // loaded first or not

  test('of each of its schemes says what config and credentials would', async () => {
    for (const scheme of schemes) {
      expect(await parse(url(scheme, 'p%40ss%2Fword'))).toMatchObject(says('p@ss/word'));
    }
  });

  test('carries any secret, percent-encoded, unharmed', async () => {
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
  ])('is refused where it is something else: %j', async (text) =>
    expect(await refusal(() => parse(text))).toMatchObject([{ path: 'connection_string' }]),
  );

  test('is refused for an option that is not allowed, by the name of the option', async () => {
    const [complaint] = await refusal(() =>
      parse(`${schemes[0]}://me@db.example.test/shop?load_extension=never-told`),
    );
    expect(complaint?.expected).toContain('load_extension');
    expect(complaint?.expected).not.toContain('never-told');
  });

  test('is refused without the name of an option that may be a piece of a password', async () => {
    for (const piece of ['2f9secret', 'x9.y-secret']) {
      const said = await outcome(() => parse(`${schemes[0]}://me@db.example.test/shop?a=1&${piece}=`));
      expect(said).not.toEqual([]);
      expect(JSON.stringify(said)).not.toContain('secret');
    }
  });

  test('that is refused is never repeated, however its password was pasted', async () => {
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

/** What a refusal tells; nothing when the text was taken, for it is then taken apart, not told. */
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
