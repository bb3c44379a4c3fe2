import type { Connector } from '../connectors/connector.ts';
import type { Place } from '../network/dialer.ts';
import type { WriteVault } from '../ports/vault.ts';
import { Problem, type ProblemCode } from '../problem.ts';
import type { Destination } from './connection.ts';
import { describeDestination, isWithin, type Sending } from './destination.ts';
import { allowPlaces, missingTags, readTags, type SharedTags } from './shared-tags.ts';
import type { Tenant } from './tenant.ts';

/** What the owner of a secret has said about where it may go. */
export interface Permission {
  /** What it was bound to by the request that brought it. Absent where this very request names a secret in platform mode. */
  readonly bound?: Destination;
  /** Platform mode: whose tenant it must be, and the tags that say so and where it may go. */
  readonly shared?: SharedTags;
}

export interface Allowance {
  readonly allowed: true;
  /** Whether a place may be dialled, also one that the source itself announces. Absent where there is no limit but the egress policy. */
  readonly mayDial?: (place: Place) => boolean;
}

export type Decision =
  | Allowance
  | {
      readonly allowed: false;
      readonly code: ProblemCode;
      readonly detail?: string;
      readonly remediation?: string;
    };

/**
 * Whether a secret may be sent there in that way: the only function that decides it, for managed and platform secrets alike. A managed
 * secret goes to its bound destination, in no weaker way. One in platform mode besides only where its tags say.
 */
export const canSendCredentialsTo = (
  connector: Connector,
  { bound, shared }: Permission,
  sending: Sending,
): Decision => {
  // Nothing that its owner has said speaks for it.
  if (!bound && !shared) return { allowed: false, code: 'credentials-locked' };
  if (bound && !isWithin(connector, bound, describeDestination(connector, sending)))
    return { allowed: false, code: 'credentials-locked', ...(shared && { remediation: nameAgain }) };
  if (!shared) return { allowed: true };
  const tags = readTags(shared);
  const reach = connector.reach(sending.config, sending.options.ssl_mode);
  const places = tags && allowPlaces(connector, tags, reach);
  const missing = missingTags(tags, places, reach, sending.options.ssl_mode);
  if (!missing && places) return { allowed: true, mayDial: places.mayDial };
  return {
    allowed: false,
    // A connection that was bound before the tag was asked for is locked until its owner adds it.
    code: bound && missing?.tag === 'mooring:tls' ? 'credentials-locked' : 'secret-not-shared',
    ...(missing?.remediation !== undefined && {
      detail: `The tag ${missing.tag} of the secret does not allow this connection`,
      remediation: missing.remediation,
    }),
  };
};

const nameAgain = 'Name secret_arn again in a PATCH or PUT, or put the destination back.';

/** The same as a throw where it may not. */
export const checkDestination = (
  connector: Connector,
  permission: Permission,
  sending: Sending,
): Allowance => {
  const decision = canSendCredentialsTo(connector, permission, sending);
  if (decision.allowed) return decision;
  const { code, detail, remediation } = decision;
  throw new Problem(code, detail, { ...(remediation !== undefined && { remediation }) });
};

/** Reads the tags of somebody else's secret, and holds them and what it was bound to against where it is to go. */
export const checkShared = async (
  vault: Pick<WriteVault, 'tags'>,
  { tenant, arn, bound }: { readonly tenant: Tenant; readonly arn: string; readonly bound?: Destination },
  connector: Connector,
  sending: Sending,
): Promise<Allowance> =>
  checkDestination(
    connector,
    { shared: { tenant, tags: await vault.tags(arn) }, ...(bound && { bound }) },
    sending,
  );
