import { probeUses } from '../../shared/runtime/vpc-probe.ts';
import { createProbeHandler } from '../../shared/runtime/probe-handler.ts';
import type { ProbeCall } from '../../shared/ports/probe.ts';

export const uses = probeUses;

/** The introspection continues even if the caller invokes the function asynchronously or stops waiting. */
export const handler = createProbeHandler('probe/introspect', (probe, call: ProbeCall) =>
  probe.introspect(call, Infinity),
);
