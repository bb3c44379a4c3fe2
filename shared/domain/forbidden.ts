import { isIP } from 'node:net';
import * as v from 'valibot';
import { EgressPolicy, judge } from '../network/egress.ts';
import { canonicalHost } from '../network/canonical-host.ts';

interface Asked {
  readonly host: string;
  readonly port: number;
  readonly environment: string;
}

/**
 * Whether the egress policy refuses this host if it is an IP address, in any spelling. Returns false for host names, because they are
 * resolved only when they are dialled.
 */
export const isForbiddenAddress = (
  policy: Readonly<Record<string, unknown>>,
  { host, port, environment }: Asked,
): boolean => {
  const name = canonicalHost(host);
  if (name === undefined || !isIP(name)) return false;
  return !judge(v.parse(EgressPolicy, policy), environment)(name, name, port);
};
