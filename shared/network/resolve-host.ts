import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { Problem } from '../problem.ts';
import { toCanonicalHost } from './to-canonical-host.ts';
import { readNativeCode } from './classify-network-error.ts';

/** Resolves a name that is not an IP literal. Without addresses it returns an empty list or throws an error with a code of c-ares. */
export type HostResolver = (name: string, signal: AbortSignal) => Promise<readonly string[]>;

/** Reads the hosts file, then queries DNS for A and AAAA in parallel. It uses c-ares, because a call of getaddrinfo cannot be cancelled. */
export const createHostResolver =
  ({ hosts = hostsFile, servers }: { hosts?: string; servers?: readonly string[] } = {}): HostResolver =>
  async (name, signal) => {
    const known = await findInHostsFile(hosts, name);
    if (known.length > 0) return known;
    if (name === 'localhost' || name.endsWith('.localhost')) return ['127.0.0.1', '::1']; // RFC 6761, 6.3

    const [a, aaaa] = await queryDns(signal, servers, (resolver) =>
      Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]),
    );
    if (a.status === 'rejected' && aaaa.status === 'rejected') throw a.reason;
    return [a, aaaa].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  };

/** Queries the given servers, or those of the system, until the signal aborts. */
export const queryDns = async <T>(
  signal: AbortSignal,
  servers: readonly string[] | undefined,
  ask: (resolver: Resolver) => Promise<T>,
): Promise<T> => {
  signal.throwIfAborted();
  const resolver = new Resolver({ timeout: 2000, tries: 3 });
  if (servers) resolver.setServers(servers);
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await ask(resolver);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
};

/** Accepts any spelling of a host. The only address of an IP literal is its canonical form. */
export const resolveHost = async (
  host: string,
  signal: AbortSignal,
  resolve: HostResolver,
): Promise<readonly string[]> => {
  const name = toCanonicalHost(host);
  if (name === undefined) throw new Problem('host-not-found');
  if (isIP(name)) return [name];
  const addresses = await resolve(name, signal).catch((error: unknown) => {
    throw toResolveProblem(error);
  });
  if (addresses.length === 0) throw new Problem('host-not-found');
  return [...new Set(addresses)];
};

/** Even ECONNREFUSED comes from a DNS server here, not from the source. https://nodejs.org/api/dns.html#error-codes */
const toResolveProblem = (error: unknown): Problem => {
  if (error instanceof Problem) return error;
  const native = readNativeCode(error);
  const code = native === 'ETIMEOUT' ? 'timeout' : 'host-not-found';
  return new Problem(code, undefined, { cause: error, ...(native !== undefined && { native_code: native }) });
};

const hostsFile = process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts';

const findInHostsFile = async (file: string, name: string): Promise<string[]> => {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split(/\r?\n/).flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/);
    return isIP(address) && names.includes(name) ? [address] : [];
  });
};
