import { probeUses } from '../../shared/adapters/vpc-probe.ts';
import { invoked } from '../../shared/http/invoked.ts';
import type { CredentialsChange } from '../../shared/ports/probe.ts';

export const uses = probeUses;

/** The only function that brings new versions of secrets into force. */
export const handler = invoked('probe/credentials', (probe, call: CredentialsChange) =>
  probe.credentials(call),
);
