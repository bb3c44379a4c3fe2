import { probeUses } from '../../shared/adapters/vpc-probe.ts';
import { invoked } from '../../shared/http/invoked.ts';
import type { ProbeCall } from '../../shared/ports/probe.ts';

export const uses = probeUses;

/** Whoever does not want to wait invokes it without waiting, or hangs up: it goes on. */
export const handler = invoked('probe/introspect', (probe, call: ProbeCall) =>
  probe.introspect(call, Infinity),
);
