import type { Connector } from '../../connectors/connector.ts';
import type { HostPort } from '../../network/dialer.ts';
import type { WriteVault } from '../../ports/vault.ts';
import { Problem, type ProblemCode } from '../../problem.ts';
import type { Destination } from '../connections/connection.ts';
import { describeDestination, isWithinDestination, type DestinationSettings } from './destination.ts';
import {
  resolveAllowedHosts,
  findMissingTag,
  parseSecretTags,
  type SharedSecretTags,
} from './shared-tags.ts';
import type { Tenant } from '../access/tenant.ts';

/** What the owner of a secret has allowed. */
export interface SendPermission {
  /** The destination that the secret was bound to when it was sent. Absent if this request itself names a secret in platform mode. */
  readonly bound?: Destination;
  /** In platform mode: the tenant, and the tags that must name this tenant and the allowed hosts. */
  readonly shared?: SharedSecretTags;
}

export interface SendAllowance {
  readonly allowed: true;
  /** Whether a host may be dialled, including hosts that the source itself announces. Absent if only the egress policy limits them. */
  readonly mayDial?: (place: HostPort) => boolean;
}

export type SendDecision =
  | SendAllowance
  | {
      readonly allowed: false;
      readonly code: ProblemCode;
      readonly detail?: string;
      readonly remediation?: string;
    };

/**
 * Whether a secret may be sent to this destination with these settings. Every secret that is sent has passed this decision, managed or platform. A secret is sent only to its bound destination, and with no less security. In platform mode the tags of the secret must also
 * allow it.
 */
export const canSendCredentialsTo = (
  connector: Connector,
  { bound, shared }: SendPermission,
  sending: DestinationSettings,
): SendDecision => {
  // Without a statement of its owner, a secret is never sent.
  if (!bound && !shared) return { allowed: false, code: 'credentials-locked' };
  if (bound && !isWithinDestination(connector, bound, describeDestination(connector, sending)))
    return {
      allowed: false,
      code: 'credentials-locked',
      ...(shared && { remediation: LOCKED_SECRET_REMEDIATION }),
    };
  if (!shared) return { allowed: true };
  const tags = parseSecretTags(shared);
  const reach = connector.reach(sending.config, sending.options.ssl_mode);
  const places = tags && resolveAllowedHosts(connector, tags, reach);
  const missing = findMissingTag(tags, places, reach, sending.options.ssl_mode);
  if (!missing && places) return { allowed: true, mayDial: places.mayDial };
  return {
    allowed: false,
    // A connection that was bound before the tag `mooring:tls` existed is locked until its owner adds the tag.
    code: bound && missing?.tag === 'mooring:tls' ? 'credentials-locked' : 'secret-not-shared',
    ...(missing?.remediation !== undefined && {
      detail: `The tag ${missing.tag} of the secret does not allow this connection`,
      remediation: missing.remediation,
    }),
  };
};

const LOCKED_SECRET_REMEDIATION = 'Send secret_arn again in a PATCH or PUT, or change the destination back.';

/** Throws if `canSendCredentialsTo` does not allow it. */
export const checkDestination = (
  connector: Connector,
  permission: SendPermission,
  sending: DestinationSettings,
): SendAllowance => {
  const decision = canSendCredentialsTo(connector, permission, sending);
  if (decision.allowed) return decision;
  const { code, detail, remediation } = decision;
  throw new Problem(code, detail, { ...(remediation !== undefined && { remediation }) });
};

/** Reads the tags of a caller's own secret, and checks its tags and bound destination. */
export const checkSharedSecret = async (
  vault: Pick<WriteVault, 'tags'>,
  { tenant, arn, bound }: { readonly tenant: Tenant; readonly arn: string; readonly bound?: Destination },
  connector: Connector,
  sending: DestinationSettings,
): Promise<SendAllowance> =>
  checkDestination(
    connector,
    { shared: { tenant, tags: await vault.tags(arn) }, ...(bound && { bound }) },
    sending,
  );
