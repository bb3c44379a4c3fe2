import type { HostPort } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';

/** Ports default to 9092. */
export const parseBootstrapServers = (text: string): readonly HostPort[] =>
  text.split(',').map((member) => {
    const [, bracketed, bare, digits] =
      /^\s*(?:\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\]|([^:[\]\s]+))(?::(\d{1,5}))?\s*$/.exec(member) ?? [];
    const host = bracketed ?? bare;
    const port = Number(digits ?? 9092);
    if (host === undefined || port < 1 || port > 65_535) {
      const expected = 'pairs of host:port, separated by commas, with ports from 1 to 65535';
      throw new Problem('invalid-request', `bootstrap_servers: expected ${expected}`, {
        errors: [{ path: 'config.bootstrap_servers', expected }],
      });
    }
    return { host, port };
  });

export const isSameBroker = (one: HostPort, other: HostPort): boolean =>
  one.host.toLowerCase() === other.host.toLowerCase() && one.port === other.port;
