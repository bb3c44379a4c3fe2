import { type Connector } from '../connectors/connector.ts';
import { isSecret } from '../connectors/fields.ts';
import { repairPem } from '../connectors/pem.ts';
import { connectors } from '../connectors/registry.ts';
import { connectorOf, credentialFields } from './assemble.ts';
import type { NewConnection } from './connection.ts';

/** Finds all values in a request body that may be secret, before the body is validated and its connector is known. */
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

/** No connection has more. All logs and responses are searched for each of them. */
const MAX_SECRETS = 200;
/** The number of options of a connection string to look at. Each gives up to four texts. */
const MAX_OPTIONS = 20;

/** A key file may be sent as an object. Its other values, such as `service_account`, are words that Mooring's own texts contain. */
const readTexts = (value: unknown, depth = 0): readonly string[] => {
  // A key is stored with repaired line breaks, so both forms are secret.
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
/** The names of all fields of all connectors. */
export const fieldNames = (): ReadonlySet<string> =>
  (named ??= new Set([
    ...openNames(),
    ...secretNames(),
    ...Object.values<Connector>(connectors).flatMap((connector) => [...credentialFields(connector)]),
  ]));

/** The names of all secret fields of a connector, across all auth methods. */
export const secretFields = ({ credentials }: Connector): ReadonlySet<string> =>
  new Set([
    'secret_arn',
    'ssl_key',
    ...Object.values(credentials).flatMap(({ entries }) =>
      Object.entries(entries).flatMap(([name, field]) => (isSecret(field) ? name : [])),
    ),
  ]);

/** The secrets of a draft. A user name or a mechanism is not a secret, and may be a word of any text. */
export const secretsOf = ({ type, credentials }: Pick<NewConnection, 'type' | 'credentials'>): string[] => {
  const secret = secretFields(connectorOf(type));
  return Object.entries(credentials).flatMap(([name, value]) => (secret.has(name) ? value : []));
};

let open: ReadonlySet<string> | undefined;
/** The names of fields that are not secret. Some APIs send them beside the secrets, and they must not be redacted in problems. */
const openNames = () =>
  (open ??= new Set([
    'user',
    'ssl_mode',
    ...Object.values(connectors)
      .flatMap(({ config }) => Object.keys(config.entries))
      .filter((name) => !secretNames().has(name)),
  ]));

/**
 * The possible secrets of a connection string, whether or not it can be parsed: the texts before the first and the last `@`, and the values
 * of options with secret-like names, raw, decoded, and without braces. Each character is read a bounded number of times.
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
