import { connectors } from '../connectors/registry.ts';
import { credentialFields } from './assemble.ts';

/** Whatever in a body may be a secret, before it is known whether the body is right and which connector it is for. */
export const givenSecrets = (body: unknown): string[] => {
  const { config, credentials, connection_string: text, ssl } = fieldsOf(body);
  const ofConfig = Object.entries(fieldsOf(config)).filter(([name]) => secretNames().has(name));
  return [
    ...Object.entries(fieldsOf(credentials)).filter(([name]) => !openNames().has(name)),
    ...ofConfig,
    ['ssl.key', fieldsOf(ssl)['key']],
    ['connection_string', text],
    ['password', passwordIn(text)],
  ].flatMap(([name, value]) => (typeof value === 'string' && name !== 'auth_method' ? value : []));
};

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> => Object(value);

let known: ReadonlySet<string> | undefined;
const secretNames = () =>
  (known ??= new Set(Object.values(connectors).flatMap((connector) => [...credentialFields(connector)])));

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
