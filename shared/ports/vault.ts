import type { Tenant } from '../domain/tenant.ts';

/** What a secret is of. */
export interface SecretOwner extends Tenant {
  /** The connection's id, 32 hex digits. */
  readonly id: string;
}

/** Names one version of one secret. Holds nothing secret, but is never shown either. */
export interface SecretRef {
  readonly name: string;
  readonly version: string;
}

/** What is kept for a connection: the credentials, and the only destination that they may be sent to. */
export interface SecretDocument {
  readonly layout: 1;
  readonly owner: SecretOwner;
  /** Field by field, as `describeDestination` (domain/destination.ts) made it. */
  readonly destination: Readonly<Record<string, string>>;
  /** `auth_method`, the connector's fields of it, and `ssl_key` or the tunnel's where there are any. */
  readonly credentials: Readonly<Record<string, string>>;
}

/** What an API function may do: make secrets and do away with them, never read one. */
export interface WriteVault {
  /** Stores a new secret; the name is made from the owner, so a second one for the same owner is refused. */
  create(document: SecretDocument): Promise<SecretRef>;
  /** Does away with all versions: recoverable for 7 to 30 days (0: at once, for good). Absent is fine. */
  remove(ref: Pick<SecretRef, 'name'>, recoverableDays: number): Promise<void>;
  /** Undoes a recoverable removal. Throws `credentials-required` when it is too late. */
  restore(ref: SecretRef): Promise<void>;
  /** A key of this tenant's own, derived from one that never leaves the vault; for fingerprints and keyed hashes. */
  key(tenant: Tenant): Promise<Uint8Array>;
  /** The tags of somebody else's secret; `undefined` where it is not there or not shared with us. */
  tags(arn: string): Promise<Readonly<Record<string, string>> | undefined>;
}

/** A secret as it stands in the list of all. */
export interface ListedSecret extends Pick<SecretRef, 'name'> {
  readonly owner: SecretOwner;
  /** Milliseconds since the epoch; never before the secret was made. */
  readonly created_at: number;
}

/** What the sweeper may do: see which secrets there are, and remove some. */
export interface SweepVault extends Pick<WriteVault, 'remove'> {
  /** All that connections have or had; neither what is removed already, nor what others keep beside ours. */
  list(): AsyncIterable<ListedSecret>;
}

/** What the probe may do besides. */
export interface Vault extends WriteVault, SweepVault {
  /** Throws `credentials-required` when there is no such version, and refuses one that is not this owner's. */
  read(ref: SecretRef, owner: SecretOwner): Promise<SecretDocument>;
  /** Adds a version beside the current one; it is in force once the connection's item names it. */
  stage(ref: SecretRef, document: SecretDocument): Promise<SecretRef>;
  /** Tells the vault which version is in force, and may forget those before the last. */
  promote(ref: SecretRef): Promise<void>;
  /** The JSON object of somebody else's secret (platform mode). Throws `secret-not-shared`. */
  readShared(arn: string): Promise<Readonly<Record<string, unknown>>>;
}
