import * as v from 'valibot';
import { env } from '../env.ts';
import type { Log } from '../log.ts';
import type { Probe } from '../ports/probe.ts';
import { awsRuntime } from './aws.ts';
import { directProbe } from './direct-probe.ts';

/** What the probe's own functions may touch; each does it under a role of its own. */
export const probeUses = { store: 'write', vault: 'read' } as const;

/** The probe, in the VPC, for one invocation. */
export const vpcProbe = async (log: Log): Promise<Probe> => {
  const { ports, clock } = awsRuntime();
  const { store, vault } = await ports(probeUses);
  if (!store || !vault) throw new Error('The probe was given no store or vault');
  const { EgressPolicy } = await import('../network/egress.ts');
  const {
    AWS_REGION: region,
    VPC_ID: vpc,
    EGRESS_IPS: ips,
    EGRESS: egress,
    AWS_LAMBDA_RUNTIME_API: own,
  } = env();
  const policy = v.parse(EgressPolicy, JSON.parse(egress ?? '{}'));
  return directProbe({
    store,
    vault,
    // Where loopback is let through, the function's own supply of work still is not.
    policy: { ...policy, deny: [...(policy.deny ?? []), ...(own && /^[\d.]+:\d+$/.test(own) ? [own] : [])] },
    vantage: {
      region: region ?? null,
      vpc_id: vpc ?? null,
      egress_ips: ips?.split(',').filter(Boolean) ?? [],
    },
    clock,
    log,
  });
};
