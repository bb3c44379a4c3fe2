import type { DialledSource } from '../ports/probe.ts';
import { canonicalHost } from '../network/canonical-host.ts';
import { Problem } from '../problem.ts';
import { connectorOf } from './assemble.ts';

/** The hosts or accounts that a source is at, each in one spelling; none where its settings name none that could be dialled. */
export const listDestinations = ({ type, config, options }: DialledSource): readonly string[] => {
  try {
    const { named } = connectorOf(type).reach(config, options.ssl_mode);
    return named.flatMap(({ entry, places }) =>
      places.length > 0 ? places.map(({ host }) => nameHost(host)) : (entry ?? []),
    );
  } catch (error) {
    if (error instanceof Problem) return []; // what the test itself will answer
    throw error;
  }
};

/** One name for all spellings of a host; an IPv4 address that is written as IPv6 (RFC 4291, 2.5.5.2) is that address. */
const nameHost = (host: string): string => {
  const name = canonicalHost(host) ?? host;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(name) ?? [];
  if (high === undefined || low === undefined) return name;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join('.');
};
