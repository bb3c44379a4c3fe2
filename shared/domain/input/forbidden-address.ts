import { isIP } from 'node:net';
import * as v from 'valibot';
import { EgressPolicy, createEgressCheck } from '../../network/egress.ts';
import { toCanonicalHost } from '../../network/to-canonical-host.ts';

interface AddressInput {
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
  { host, port, environment }: AddressInput,
): boolean => {
  const name = toCanonicalHost(host);
  if (name === undefined || !isIP(name)) return false;
  return !createEgressCheck(v.parse(EgressPolicy, policy), environment)(name, name, port);
};
