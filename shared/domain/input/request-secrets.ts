import { type Connector } from '../../connectors/connector.ts';
import { isSecretField } from '../../connectors/input/fields.ts';
import { repairPem } from '../../connectors/input/repair-pem.ts';
import { connectors } from '../../connectors/registry.ts';
import { resolveConnector, listCredentialFields } from '../connections/parse-connection-input.ts';
import type { NewConnection } from '../connections/connection.ts';

/** Finds all values in a request body that may be secret, before the body is validated and its connector is known. */
export const findRequestSecrets = (body: unknown): string[] => {
  const { config, credentials, connection_string: text, password, ssl } = toFields(body);
  const configSecrets = Object.entries(toFields(config)).filter(([name]) => listAllSecretFields().has(name));
  const texts = [
    ['password', password],
    ['ssl.key', toFields(ssl)['key']],
    ['connection_string', text],
    ['connection_string', findUrlSecrets(text)],
    ...configSecrets,
    ...Object.entries(toFields(credentials)).filter(([name]) => !listOpenFields().has(name)),
  ].flatMap(([name, value]) => (name === 'auth_method' ? [] : collectTexts(value)));
  return [...new Set(texts)].slice(0, MAX_REQUEST_SECRETS);
};

/** No connection has more. All logs and responses are searched for each of them. */
const MAX_REQUEST_SECRETS = 200;
/** The number of options of a connection string to look at. Each gives up to four texts. */
const MAX_SECRET_OPTIONS = 20;

/** A key file may be sent as an object. Its other values, such as `service_account`, are words that Mooring's own texts contain. */
const collectTexts = (value: unknown, depth = 0): readonly string[] => {
  // A key is stored with repaired line breaks, so both forms are secret.
  if (typeof value === 'string') return [value, repairPem(value)];
  if (typeof value !== 'object' || value === null || depth === 3) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    Array.isArray(value) || /key|secret|token|pass|value/i.test(name) ? collectTexts(inner, depth + 1) : [],
  );
};

const toFields = (value: unknown): Readonly<Record<string, unknown>> => Object(value);

let secretFieldsCache: ReadonlySet<string> | undefined;
const listAllSecretFields = () =>
  (secretFieldsCache ??= new Set(
    Object.values<Connector>(connectors).flatMap((connector) => [...listSecretFields(connector)]),
  ));

let fieldNamesCache: ReadonlySet<string> | undefined;
/** The names of all fields of all connectors. */
export const listFieldNames = (): ReadonlySet<string> =>
  (fieldNamesCache ??= new Set([
    ...listOpenFields(),
    ...listAllSecretFields(),
    ...Object.values<Connector>(connectors).flatMap((connector) => [...listCredentialFields(connector)]),
  ]));

/** The names of all secret fields of a connector, across all auth methods. */
export const listSecretFields = ({ credentials }: Connector): ReadonlySet<string> =>
  new Set([
    'secret_arn',
    'ssl_key',
    ...Object.values(credentials).flatMap(({ entries }) =>
      Object.entries(entries).flatMap(([name, field]) => (isSecretField(field) ? name : [])),
    ),
  ]);

/** The secrets of a draft. A user name or a mechanism is not a secret, and may be a word of any text. */
export const listDraftSecrets = ({
  type,
  credentials,
}: Pick<NewConnection, 'type' | 'credentials'>): string[] => {
  const secret = listSecretFields(resolveConnector(type));
  return Object.entries(credentials).flatMap(([name, value]) => (secret.has(name) ? value : []));
};

let openFieldsCache: ReadonlySet<string> | undefined;
/** The names of fields that are not secret. Some APIs send them beside the secrets, and they must not be redacted in problems. */
const listOpenFields = () =>
  (openFieldsCache ??= new Set([
    'user',
    'ssl_mode',
    ...Object.values(connectors)
      .flatMap(({ config }) => Object.keys(config.entries))
      .filter((name) => !listAllSecretFields().has(name)),
  ]));

/**
 * The possible secrets of a connection string, whether or not it can be parsed: the texts before the first and the last `@`, and the values
 * of options with secret-like names, raw, decoded, and without braces. Each character is read a bounded number of times.
 */
const findUrlSecrets = (text: unknown): readonly string[] => {
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
      .take(MAX_SECRET_OPTIONS),
  ].map(([, value = '']) => value);
  return [...logins, ...options].flatMap((value) => {
    const bare = value.replace(/^\{(.*)\}$/s, '$1').replaceAll('}}', '}');
    return [value, bare, decodePercent(value), decodePercent(value.replaceAll('+', ' '))];
  });
};

const decodePercent = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
