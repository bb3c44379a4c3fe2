import { type Connector } from '../connectors/connector.ts';
import { isSecret } from '../connectors/fields.ts';
import { connectors } from '../connectors/registry.ts';
import { connectorOf } from './assemble.ts';
import type { NewConnection } from './connection.ts';

/** Whatever in a body may be a secret, before it is known whether the body is right and which connector it is for. */
export const givenSecrets = (body: unknown): string[] => {
  const { config, credentials, connection_string: text, password, ssl } = fieldsOf(body);
  const ofConfig = Object.entries(fieldsOf(config)).filter(([name]) => secretNames().has(name));
  return [
    ...Object.entries(fieldsOf(credentials)).filter(([name]) => !openNames().has(name)),
    ...ofConfig,
    ['password', password],
    ['ssl.key', fieldsOf(ssl)['key']],
    ['connection_string', text],
    ['password', passwordIn(text)],
  ].flatMap(([name, value]) => (typeof value === 'string' && name !== 'auth_method' ? value : []));
};

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> => Object(value);

let known: ReadonlySet<string> | undefined;
const secretNames = () =>
  (known ??= new Set(
    Object.values<Connector>(connectors).flatMap((connector) => [...secretFields(connector)]),
  ));

/** The names of all fields that hold a secret, of every auth method. */
export const secretFields = ({ credentials }: Connector): ReadonlySet<string> =>
  new Set([
    'secret_arn',
    'ssl_key',
    ...Object.values(credentials).flatMap(({ entries }) =>
      Object.entries(entries).flatMap(([name, field]) => (isSecret(field) ? name : [])),
    ),
  ]);

/** The secrets of what is to be connected; a user's name or a mechanism beside them is none, and may be a word of any sentence. */
export const secretsOf = ({ type, credentials }: Pick<NewConnection, 'type' | 'credentials'>): string[] => {
  const secret = secretFields(connectorOf(type));
  return Object.entries(credentials).flatMap(([name, value]) => (secret.has(name) ? value : []));
};

let open: ReadonlySet<string> | undefined;
/** What a connection shows: some APIs have it beside the secrets, and words of a problem must not be taken for a user's name. */
const openNames = () =>
  (open ??= new Set([
    'user',
    'ssl_mode',
    ...Object.values(connectors)
      .flatMap(({ config }) => Object.keys(config.entries))
      .filter((name) => !secretNames().has(name)),
  ]));

const passwordIn = (text: unknown): string | undefined => {
  if (typeof text !== 'string' || !URL.canParse(text)) return undefined;
  const { password } = new URL(text);
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
};
