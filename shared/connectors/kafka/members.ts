import type { Place } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';

/** Ports default to 9092. */
export const membersOf = (text: string): readonly Place[] =>
  text.split(',').map((member) => {
    const [, bracketed, bare, digits] =
      /^\s*(?:\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\]|([^:[\]\s]+))(?::(\d{1,5}))?\s*$/.exec(member) ?? [];
    const host = bracketed ?? bare;
    const port = Number(digits ?? 9092);
    if (host === undefined || port < 1 || port > 65_535) {
      const expected = 'host:port, with commas between, and ports from 1 to 65535';
      throw new Problem('invalid-request', `bootstrap_servers: expected ${expected}`, {
        errors: [{ path: 'config.bootstrap_servers', expected }],
      });
    }
    return { host, port };
  });

export const samePlace = (one: Place, other: Place): boolean =>
  one.host.toLowerCase() === other.host.toLowerCase() && one.port === other.port;
