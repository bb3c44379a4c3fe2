import { type Connector } from '../connectors/connector.ts';
import { isSecret } from '../connectors/fields.ts';
import { repairPem } from '../connectors/pem.ts';
import { connectors } from '../connectors/registry.ts';
import { connectorOf, credentialFields } from './assemble.ts';
import type { NewConnection } from './connection.ts';

/** Whatever in a body may be a secret, before it is known whether the body is right and which connector it is for. */
export const givenSecrets = (body: unknown): string[] => {
  const { config, credentials, connection_string: text, password, ssl } = fieldsOf(body);
  const ofConfig = Object.entries(fieldsOf(config)).filter(([name]) => secretNames().has(name));
  const texts = [
    ['password', password],
    ['ssl.key', fieldsOf(ssl)['key']],
    ['connection_string', text],
    ['connection_string', findSecrets(text)],
    ...ofConfig,
    ...Object.entries(fieldsOf(credentials)).filter(([name]) => !openNames().has(name)),
  ].flatMap(([name, value]) => (name === 'auth_method' ? [] : readTexts(value)));
  return [...new Set(texts)].slice(0, MAX_SECRETS);
};

/** More than any connection has: each is looked for in every text that is answered or logged. */
const MAX_SECRETS = 200;
/** Options of a connection string that are looked at; each gives up to four texts. */
const MAX_OPTIONS = 20;

/** A key file may be sent as an object, where what is no secret (`service_account`) is a word of our own sentences. */
const readTexts = (value: unknown, depth = 0): readonly string[] => {
  // A key is kept with its line breaks put right.
  if (typeof value === 'string') return [value, repairPem(value)];
  if (typeof value !== 'object' || value === null || depth === 3) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    Array.isArray(value) || /key|secret|token|pass|value/i.test(name) ? readTexts(inner, depth + 1) : [],
  );
};

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> => Object(value);

let known: ReadonlySet<string> | undefined;
const secretNames = () =>
  (known ??= new Set(
    Object.values<Connector>(connectors).flatMap((connector) => [...secretFields(connector)]),
  ));

let named: ReadonlySet<string> | undefined;
/** The names of all fields that any connector has. */
export const fieldNames = (): ReadonlySet<string> =>
  (named ??= new Set([
    ...openNames(),
    ...secretNames(),
    ...Object.values<Connector>(connectors).flatMap((connector) => [...credentialFields(connector)]),
  ]));

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

/**
 * What may be the secret of a connection string of any scheme, whether or not it can be parsed: what stands before the first and the last @, and
 * the values of options with such a name, raw, decoded, and without braces. Looks at each character a bounded number of times.
 */
const findSecrets = (text: unknown): readonly string[] => {
  if (typeof text !== 'string') return [];
  const begin = text.indexOf('://') + 3;
  const logins = [text.indexOf('@', begin), text.lastIndexOf('@')]
    .filter((end) => begin > 2 && end > begin)
    .map((end) => text.slice(begin, end))
    .flatMap((login) => (login.includes(':') ? login.slice(login.indexOf(':') + 1) : []));
  const options = [
    ...text
      .matchAll(
        /(?:passw(?:or)?d|passphrase|pwd|secret|token)[\w.-]{0,40}\s{0,9}=\s{0,9}(\{(?:[^}]|\}\}){0,999}\}|[^&;\s]*)/gi,
      )
      .take(MAX_OPTIONS),
  ].map(([, value = '']) => value);
  return [...logins, ...options].flatMap((value) => {
    const bare = value.replace(/^\{(.*)\}$/s, '$1').replaceAll('}}', '}');
    return [value, bare, decode(value), decode(value.replaceAll('+', ' '))];
  });
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
