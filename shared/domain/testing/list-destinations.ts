import type { DialledSource } from '../../ports/probe.ts';
import { toCanonicalHost } from '../../network/to-canonical-host.ts';
import { Problem } from '../../problem.ts';
import { resolveConnector } from '../connections/parse-connection-input.ts';

/** The hosts or accounts of a source, each in its canonical spelling. Empty if the settings name none that can be dialled. */
export const listDestinations = ({ type, config, options }: DialledSource): readonly string[] => {
  try {
    const { named } = resolveConnector(type).reach(config, options.ssl_mode);
    return named.flatMap(({ entry, hosts }) =>
      hosts.length > 0 ? hosts.map(({ host }) => toDestinationName(host)) : (entry ?? []),
    );
  } catch (error) {
    if (error instanceof Problem) return []; // the test itself returns this problem
    throw error;
  }
};

/** Maps all spellings of a host to one name. An IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) becomes the IPv4 address. */
const toDestinationName = (host: string): string => {
  const name = toCanonicalHost(host) ?? host;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(name) ?? [];
  if (high === undefined || low === undefined) return name;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join('.');
};
