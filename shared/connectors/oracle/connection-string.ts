import type { ConnectionStringParser, ConnectionStringParts } from '../connector.ts';
import { oracleOptions } from '../input/known-options.ts';
import {
  decodePercentEncoded,
  parseUrlAddress,
  parseUrlQuery,
  parseTimeoutSeconds,
  refuseConnectionString,
  checkUniqueOptions,
  checkKnownOptions,
} from '../input/connection-string-parts.ts';

/** `oracle://user:password@host:port/service_name`, or with `?sid=` instead of the service. Descriptors, aliases and wallets are not supported. */
export const oracleConnectionStrings: ConnectionStringParser = {
  schemes: ['oracle'],
  parse: (text) => parseOracleConnectionString(text),
};

const parseOracleConnectionString = (text: string): ConnectionStringParts => {
  const { host, port, path, query, username, password } = parseUrlAddress(text, oracleConnectionStringForm);
  if (!/^oracle:/i.test(text)) refuseConnectionString('a string that begins with oracle://');
  const pairs = parseUrlQuery(query);
  const names = pairs.map(([name]) => name);
  checkKnownOptions(names, {
    isTaken: (name) => oracleOptionNames.has(name.toLowerCase()),
    clients: oracleOptions,
  });
  checkUniqueOptions(names);
  const values = new Map(pairs.map(([name, value]) => [name.toLowerCase(), value]));
  const inPath = decodePercentEncoded(path);
  const [service, sid] = [inPath || values.get('service_name'), values.get('sid')];
  if (inPath && values.has('service_name')) refuseConnectionString('service_name once');
  if (service && sid) refuseConnectionString('a service or a sid');
  const seconds = parseTimeoutSeconds('connect_timeout', values.get('connect_timeout') ?? '0');
  if (host.includes(',')) refuseConnectionString('one host');
  return {
    config: {
      ...(host && { host }),
      ...(port && { port: Number(port) }),
      ...(service && { service_name: service }),
      ...(sid && { sid }),
      ...(username && { username }),
    },
    credentials: password ? { password } : {},
    options: { ...(seconds !== undefined && { connection_timeout_seconds: seconds }) },
  };
};

const oracleConnectionStringForm =
  'oracle://user:password@host:port/service, with what is special in a password percent-encoded';

const oracleOptionNames: ReadonlySet<string> = new Set(['service_name', 'sid', 'connect_timeout']);
