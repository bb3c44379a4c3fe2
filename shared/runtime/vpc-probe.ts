import * as v from 'valibot';
import { readEnv } from '../env.ts';
import type { Log } from '../log.ts';
import type { Probe } from '../ports/probe.ts';
import { getAwsRuntime } from './aws-runtime.ts';
import { createDirectProbe } from './direct-probe.ts';

/** The ports that the probe's functions use. Each function has a role of its own. */
export const probeUses = { store: 'write', vault: 'read' } as const;

/** The probe in the VPC, for one invocation. */
export const openVpcProbe = async (log: Log): Promise<Probe> => {
  const { ports, clock } = getAwsRuntime();
  const { store, vault } = await ports(probeUses);
  if (!store || !vault) throw new Error('The probe was given no store or vault');
  const { EgressPolicy } = await import('../network/egress.ts');
  const {
    AWS_REGION: region,
    VPC_ID: vpc,
    EGRESS_IPS: ips,
    EGRESS: egress,
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
  } = readEnv();
  const policy = v.parse(EgressPolicy, JSON.parse(egress ?? '{}'));
  return createDirectProbe({
    store,
    vault,
    // Even if the policy allows loopback, connections must not reach the Lambda runtime API of this function.
    policy: {
      ...policy,
      deny: [...(policy.deny ?? []), ...(runtimeApi && /^[\d.]+:\d+$/.test(runtimeApi) ? [runtimeApi] : [])],
    },
    vantage: {
      region: region ?? null,
      vpc_id: vpc ?? null,
      egress_ips: ips?.split(',').filter(Boolean) ?? [],
    },
    clock,
    log,
  });
};
