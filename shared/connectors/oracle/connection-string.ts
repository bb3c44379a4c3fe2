import type { ConnectionString, ConnectionStringParts } from '../connector.ts';
import { decoded, named, refuse } from '../string-parts.ts';

/** `oracle://user:password@host:port/service_name`, or `?sid=` in place of the service; no descriptors, aliases or wallets. */
export const connectionString: ConnectionString = {
  schemes: ['oracle'],
  parse: (text) => parse(text),
};

const parse = (text: string): ConnectionStringParts => {
  const url = URL.canParse(text) ? new URL(text) : refuse(form);
  if (url.protocol !== 'oracle:') refuse('a string that begins with oracle://');
  // An @ this late, or a fragment, is a password that was not encoded: not a word of it may be taken for an option's name.
  if (url.hash || `${url.pathname}${url.search}`.includes('@')) refuse(form);
  const names = [...url.searchParams.keys()];
  const unknown = names.filter((name) => !options.has(name.toLowerCase()));
  if (unknown.length > 0) refuse(`no option ${unknown.map(named).join(', ')}`);
  const said = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (said.has(name.toLowerCase())) refuse(`the option ${name} once`);
    said.set(name.toLowerCase(), value);
  }
  const path = decoded(url.pathname.slice(1));
  const [service, sid] = [path || said.get('service_name'), said.get('sid')];
  if (path && said.has('service_name')) refuse('service_name once');
  if (service && sid) refuse('a service or a sid');
  const timeout = said.get('connect_timeout');
  if (timeout !== undefined && !/^\d{1,9}$/.test(timeout))
    refuse('as connect_timeout seconds, in whole numbers');
  const host = decoded(url.hostname).replace(/^\[(.*)\]$/, '$1');
  if (host.includes(',')) refuse('one host');
  const [username, password] = [decoded(url.username), decoded(url.password)];
  return {
    config: {
      ...(host && { host }),
      ...(url.port && { port: Number(url.port) }),
      ...(service && { service_name: service }),
      ...(sid && { sid }),
      ...(username && { username }),
    },
    credentials: password ? { password } : {},
    options: {
      ...(Number(timeout) > 0 && { connection_timeout_seconds: Math.min(Number(timeout), 300) }),
    },
  };
};

const form = 'oracle://user:password@host:port/service, with what is special in a password percent-encoded';

const options: ReadonlySet<string> = new Set(['service_name', 'sid', 'connect_timeout']);
