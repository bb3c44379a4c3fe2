import { probeUses } from '../../shared/runtime/vpc-probe.ts';
import { createProbeHandler } from '../../shared/runtime/probe-handler.ts';
import type { CredentialsChange } from '../../shared/ports/probe.ts';

export const uses = probeUses;

/** The only function that promotes new versions of secrets. */
export const handler = createProbeHandler('probe/credentials', (probe, call: CredentialsChange) =>
  probe.credentials(call),
);
