import type { Connector } from '../../connectors/connector.ts';
import { connectors } from '../../connectors/registry.ts';
import { type FieldError, parseInput, createFieldProblem, maskUnknownName } from '../../parse-input.ts';
import { Problem } from '../../problem.ts';
import type { Credentials, NewConnection } from './connection.ts';
import { defaultOptions, type ConnectionOptions } from './connection-options.ts';
import type { ConnectionInput, ConnectionPatch } from './connection-input.ts';
import { checkContradictions } from '../input/contradictions.ts';

type FieldValues = Readonly<Record<string, unknown>>;

/** Throws `unknown-connector` if there is no connector of this type. */
export const resolveConnector = (type: string): Connector => {
  const found = Object.entries<Connector>(connectors).find(([name]) => name === type);
  if (!found) {
    const expected = `one of ${Object.keys(connectors).join(', ')}`;
    throw createFieldProblem([{ path: 'type', expected }], 'unknown-connector');
  }
  return found[1];
};

/** Separates the fields that may be stored from the credentials, and parses both with the connector's schemas. */
export const parseConnectionInput = async (input: ConnectionInput): Promise<NewConnection> => {
  const connector = resolveConnector(input.type);
  // These modules are loaded only for requests that carry settings, not for every test.
  const [{ normalizeFields, normalizeSsl }, { checkText }] = await Promise.all([
    import('../input/normalize-fields.ts'),
    import('../input/check-text.ts'),
  ]);
  checkText(input);
  const sorted = await splitFields(connector, input);
  const parts = { ...sorted, ...normalizeFields(connector, sorted) };
  const flavor = resolveFlavorDefaults(input);
  const ssl = normalizeSsl(input.ssl ?? {});
  const ca = ssl.ca ?? flavor.ca ?? null;
  const cert = ssl.cert ?? null;
  const config = parseInput(connector.config, parts.config, 'config');
  const given = { ...parts.credentials, ...(ssl.key && { ssl_key: ssl.key }) };
  const platform = resolvePlatformSecret(input, given);
  const credentials = platform
    ? { auth_method: resolveAuthMethod(connector, parts.credentials['auth_method']) }
    : parseCredentials(connector, given, cert !== null);
  const options = {
    ...defaultOptions,
    ...flavor.options,
    ...parts.options,
    ...omitUndefined(input.options ?? {}),
  };
  const { auth_method } = credentials;
  checkContradictions(
    connector,
    { config, auth_method, options },
    input.options?.ssl_mode ?? parts.options.ssl_mode,
  );
  return {
    name: input.name,
    description: input.description ?? null,
    type: input.type,
    flavor: input.flavor ?? null,
    role: input.role,
    mode: input.mode,
    product: input.product ?? null,
    config,
    options,
    ssl: { ca, cert },
    excluded_schemas: input.excluded_schemas ?? flavor.excluded_schemas ?? [],
    tags: input.tags ?? [],
    metadata: input.metadata ?? {},
    credentials,
    secret_arn: platform ?? null,
  };
};

/**
 * Puts each field where it belongs: credential fields may be sent in `config`, and a connection string may replace both `config` and
 * `credentials`. Throws `invalid-request` if a field is given twice.
 */
export const splitFields = async (
  connector: Connector,
  input: Pick<ConnectionInput | ConnectionPatch, 'config' | 'credentials' | 'connection_string' | 'options'>,
): Promise<{ config: FieldValues; credentials: FieldValues; options: Partial<ConnectionOptions> }> => {
  const secretFields = listCredentialFields(connector);
  const complaints: FieldError[] = [];
  const config: Record<string, unknown> = {};
  const credentials: Record<string, unknown> = {};
  const addField = (to: Record<string, unknown>, name: string, value: unknown, path: string) => {
    if (Object.hasOwn(to, name)) complaints.push({ path, expected: 'the field only once' });
    to[name] = value;
  };
  for (const [name, value] of Object.entries(input.credentials ?? {})) {
    addField(credentials, name, value, `credentials.${maskUnknownName(name)}`);
  }
  for (const [name, value] of Object.entries(input.config ?? {})) {
    // Not every connector lists `auth_method`, but every connector has one.
    addField(secretFields.has(name) ? credentials : config, name, value, `config.${maskUnknownName(name)}`);
  }
  let options: Partial<ConnectionOptions> = {};
  if (input.connection_string !== undefined) {
    const { parseConnectionString } = await import('../input/parse-connection-string.ts');
    const parts = await parseConnectionString(connector, input.connection_string);
    for (const [name, value] of Object.entries(parts.config)) addField(config, name, value, `config.${name}`);
    for (const [name, value] of Object.entries(parts.credentials)) {
      addField(credentials, name, value, `credentials.${name}`);
    }
    options = parts.options;
    for (const name of Object.keys(parts.options)) {
      if (Object.hasOwn(input.options ?? {}, name)) {
        complaints.push({
          path: `options.${name}`,
          expected: 'no value, because connection_string sets this option',
        });
      }
    }
  }
  if (complaints.length > 0) throw createFieldProblem(complaints);
  return { config, credentials, options };
};

/** Removes fields whose value is `undefined`, because they would override a default. */
const omitUndefined = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>; // `fromEntries` loses the types of the fields
  };

/** The names of all credential fields, across all auth methods. */
export const listCredentialFields = ({ credentials }: Connector): ReadonlySet<string> =>
  new Set([
    'auth_method',
    'secret_arn',
    ...Object.values(credentials).flatMap(({ entries }) => Object.keys(entries)),
  ]);

/** Parses a complete set of credentials with the auth method that it names, or else with the first method that its fields fit. */
export const parseCredentials = (
  connector: Connector,
  given: FieldValues,
  hasCertificate: boolean,
): Credentials => {
  const { auth_method: named, ssl_key: key, ...fields } = given;
  if ((key !== undefined) !== hasCertificate) {
    throw createFieldProblem([
      {
        path: key === undefined ? 'ssl.key' : 'ssl.cert',
        expected: 'a value, because ssl.cert and ssl.key must be sent together',
      },
    ]);
  }
  const method =
    named === undefined
      ? detectAuthMethod(connector, fields, key !== undefined)
      : resolveAuthMethod(connector, named);
  const schema = connector.credentials[method];
  const missing = Object.entries(schema?.entries ?? {})
    .filter(
      ([name, entry]) => !/^(optional|exact_optional)$/.test(entry.type) && (fields[name] ?? null) === null,
    )
    .map(([name]) => ({ path: `credentials.${name}`, expected: 'a value, because the field is required' }));
  if (method === 'certificate' && key === undefined) {
    missing.push({
      path: 'ssl.key',
      expected: 'a value, because this auth method needs ssl.cert and ssl.key',
    });
  }
  if (missing.length > 0) throw createFieldProblem(missing, 'credentials-required');
  const parsed = schema ? parseInput(schema, fields, 'credentials') : {};
  const texts = Object.entries(parsed).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return {
    ...Object.fromEntries(texts),
    ...(typeof key === 'string' && { ssl_key: key }),
    auth_method: method,
  };
};

/** Checks that the connector has this auth method. Returns the connector's first method if `named` is absent. */
export const resolveAuthMethod = (connector: Connector, named: unknown): string => {
  const methods = Object.keys(connector.credentials);
  if (named === undefined || named === null) return methods[0] ?? 'none';
  if (typeof named === 'string' && methods.includes(named)) return named;
  throw createFieldProblem([{ path: 'credentials.auth_method', expected: `one of ${methods.join(', ')}` }]);
};

/**
 * Returns the first method that has all of these fields and lacks none that it requires, or else the first method that has all of these
 * fields.
 */
export const detectAuthMethod = (connector: Connector, fields: FieldValues, hasKey: boolean): string => {
  const names = Object.keys(fields);
  const methods = Object.entries(connector.credentials);
  const candidates = methods.filter(([, { entries }]) => names.every((name) => Object.hasOwn(entries, name)));
  const whole = candidates.find(
    ([method, { entries }]) =>
      (method !== 'certificate' || hasKey) &&
      Object.entries(entries).every(([name, entry]) => /optional/.test(entry.type) || names.includes(name)),
  );
  return (whole ?? candidates[0] ?? methods[0])?.[0] ?? 'none';
};

/** In platform mode a request names a secret and sends no credentials. In managed mode it sends credentials and names no secret. */
const resolvePlatformSecret = (
  { mode }: ConnectionInput,
  { secret_arn: arn, auth_method: _, ...others }: FieldValues,
) => {
  if (mode === 'managed') {
    if (arn === undefined) return undefined;
    throw createFieldProblem([
      { path: 'credentials.secret_arn', expected: 'no such field, unless `mode` is platform' },
    ]);
  }
  if (Object.keys(others).length > 0) {
    throw createFieldProblem(
      Object.keys(others).map((name) => ({
        path: name === 'ssl_key' ? 'ssl.key' : `credentials.${maskUnknownName(name)}`,
        expected: 'no such field, because `mode` is platform',
      })),
    );
  }
  if (typeof arn !== 'string' || !/^arn:[^:]+:secretsmanager:[^:]+:\d{12}:secret:.{1,512}$/.test(arn)) {
    throw createFieldProblem([
      { path: 'credentials.secret_arn', expected: 'the ARN of a secret in AWS Secrets Manager' },
    ]);
  }
  return arn;
};

export const supabaseSchemas: readonly string[] =
  'auth storage realtime extensions vault pgsodium graphql graphql_public'.split(' ');

/** The flavor of a PostgreSQL only sets defaults. */
const resolveFlavorDefaults = ({
  type,
  flavor,
}: ConnectionInput): { ca?: string; options?: Partial<ConnectionOptions>; excluded_schemas?: string[] } => {
  if (!flavor) return {};
  if (type !== 'postgresql') {
    throw new Problem('invalid-request', 'flavor: expected null, because only postgresql has flavors', {
      errors: [{ path: 'flavor', expected: 'null, because only postgresql has flavors' }],
    });
  }
  if (flavor === 'aws') return { ca: 'rds' };
  if (flavor === 'supabase') return { excluded_schemas: [...supabaseSchemas] };
  return flavor === 'local' ? { options: { ssl_mode: 'prefer' } } : {};
};
