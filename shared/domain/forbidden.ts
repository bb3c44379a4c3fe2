import { isIP } from 'node:net';
import * as v from 'valibot';
import { EgressPolicy, judge } from '../network/egress.ts';
import { canonicalHost } from '../network/canonical-host.ts';

interface Asked {
  readonly host: string;
  readonly port: number;
  readonly environment: string;
}

/** Whether the policy refuses a host that is an address, in whatever spelling; of a name it says nothing: what it means is known when it is dialled. */
export const isForbiddenAddress = (
  policy: Readonly<Record<string, unknown>>,
  { host, port, environment }: Asked,
): boolean => {
  const name = canonicalHost(host);
  if (name === undefined || !isIP(name)) return false;
  return !judge(v.parse(EgressPolicy, policy), environment)(name, name, port);
};
