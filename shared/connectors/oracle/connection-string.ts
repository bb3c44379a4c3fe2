import type { ConnectionString, ConnectionStringParts } from '../connector.ts';
import { oracleOptions } from '../known-options.ts';
import {
  decoded,
  readAddress,
  readQuery,
  readSeconds,
  refuse,
  refuseRepeated,
  refuseUnknown,
} from '../string-parts.ts';

/** `oracle://user:password@host:port/service_name`, or with `?sid=` instead of the service. Descriptors, aliases and wallets are not supported. */
export const connectionString: ConnectionString = {
  schemes: ['oracle'],
  parse: (text) => parse(text),
};

const parse = (text: string): ConnectionStringParts => {
  const { host, port, path, query, username, password } = readAddress(text, form);
  if (!/^oracle:/i.test(text)) refuse('a string that begins with oracle://');
  const given = readQuery(query);
  const names = given.map(([name]) => name);
  refuseUnknown(names, { isTaken: (name) => options.has(name.toLowerCase()), clients: oracleOptions });
  refuseRepeated(names);
  const said = new Map(given.map(([name, value]) => [name.toLowerCase(), value]));
  const inPath = decoded(path);
  const [service, sid] = [inPath || said.get('service_name'), said.get('sid')];
  if (inPath && said.has('service_name')) refuse('service_name once');
  if (service && sid) refuse('a service or a sid');
  const seconds = readSeconds('connect_timeout', said.get('connect_timeout') ?? '0');
  if (host.includes(',')) refuse('one host');
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

const form = 'oracle://user:password@host:port/service, with what is special in a password percent-encoded';

const options: ReadonlySet<string> = new Set(['service_name', 'sid', 'connect_timeout']);
