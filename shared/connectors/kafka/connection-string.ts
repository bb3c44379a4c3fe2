import { sslModes } from '../connector.ts';
import type { ConnectionString, ConnectionStringParts, SslMode } from '../connector.ts';
import { decoded, namedLike, refuse } from '../string-parts.ts';

/** `kafka://user:password@host:port,host:port?option=…`, in the names of Kafka's own clients, with dots or underscores. */
export const connectionString: ConnectionString = {
  schemes: ['kafka'],
  parse: (text) => {
    const [, login, servers, path, query = ''] =
      /^kafka:\/\/(?:([^/?#@]*)@)?([^/?#@]*)(\/[^?#@]*)?(?:\?([^#@]*))?$/i.exec(text) ?? [];
    if (!servers) return refuse(`${form}, ${encoded}`);
    if (!/^[A-Za-z0-9\u00a1-\uffff._[\]:,-]+$/.test(servers)) refuse(`${form}, ${encoded}`);
    const [username = '', password, more] = (login ?? '').split(':');
    if (more !== undefined) refuse(`${form}, ${encoded}`);
    const said = optionsOf(query);
    if (path !== undefined && path !== '/') refuse(`${form}, and no path`);
    return {
      config: { bootstrap_servers: servers, ...said.config },
      credentials: {
        ...(username && { sasl_username: decoded(username) }),
        ...(password && { sasl_password: decoded(password) }),
        ...said.credentials,
      },
      options: said.options,
    };
  },
};

const form = 'kafka://user:password@host:port,host:port';
const encoded = 'with what is special in a password percent-encoded';

const optionsOf = (query: string): ConnectionStringParts => {
  const options = new URLSearchParams(query);
  const seen = new Set<string>();
  const parts: ConnectionStringParts[] = [];
  const unknown: string[] = [];
  for (const [spelled, value] of options) {
    const name = spelled.replaceAll('.', '_');
    const meaning = meanings.get(name);
    if (seen.has(name)) refuse(`the option ${named(spelled)} once`);
    seen.add(name);
    if (meaning) parts.push({ config: {}, credentials: {}, options: {}, ...meaning(value) });
    else if (!ignored.has(name)) unknown.push(spelled);
  }
  if (unknown.length > 0) refuse(`no option ${unknown.map(named).join(', ')}`);
  return {
    config: Object.assign({}, ...parts.map(({ config }) => config)),
    credentials: Object.assign({}, ...parts.map(({ credentials }) => credentials)),
    options: Object.assign({}, ...parts.map(({ options: some }) => some)),
  };
};

type Meaning = (value: string) => Partial<ConnectionStringParts>;

const oneOf =
  (
    field: string,
    allowed: readonly string[],
    give: (value: string) => Partial<ConnectionStringParts>,
  ): Meaning =>
  (value) =>
    allowed.includes(value.toUpperCase())
      ? give(value.toUpperCase())
      : refuse(`as ${field} one of ${allowed.join(', ')}`);

const mechanism = oneOf('sasl_mechanism', ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], (value) => ({
  credentials: { sasl_mechanism: value },
}));

const sslMode: Meaning = (value) => {
  const mode: SslMode | undefined = sslModes.find((known) => known === value);
  return mode ? { options: { ssl_mode: mode } } : refuse(`as ssl_mode one of ${sslModes.join(', ')}`);
};

const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  [
    'security_protocol',
    oneOf('security_protocol', ['SASL_SSL', 'SSL', 'SASL_PLAINTEXT', 'PLAINTEXT'], (value) => ({
      config: { security_protocol: value },
    })),
  ],
  ['sasl_mechanism', mechanism],
  ['sasl_mechanisms', mechanism], // librdkafka
  ['schema_registry_url', (value) => ({ config: { schema_registry_url: value } })],
  ['ssl_mode', sslMode],
  ['sslmode', sslMode],
]);

/** What clients are given and what has no meaning for one that only looks. */
const ignored: ReadonlySet<string> = new Set([
  'acks',
  'auto_offset_reset',
  'client_id',
  'compression_type',
  'group_id',
  'metadata_max_age_ms',
  'request_timeout_ms',
  'session_timeout_ms',
  'socket_keepalive_enable',
]);

const named = namedLike(/^[A-Za-z][A-Za-z_.]{0,39}$/);
