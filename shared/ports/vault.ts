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
  restore(ref: Pick<SecretRef, 'name'>): Promise<void>;
  /** A key of this tenant's own, derived from one that never leaves the vault; for fingerprints and keyed hashes. */
  key(tenant: Tenant): Promise<Uint8Array>;
  /** The tags of somebody else's secret; `undefined` where it is not there or not shared with us. */
  tags(arn: string): Promise<Readonly<Record<string, string>> | undefined>;
}

/** What a function may do that deletes and restores connections: neither make a secret nor read one. */
export type RemoveVault = Pick<WriteVault, 'remove' | 'restore'>;

/** A secret as it stands in the list of all. */
export interface ListedSecret extends Pick<SecretRef, 'name'> {
  readonly owner: SecretOwner;
  /** Milliseconds since the epoch; never before the secret was made. */
  readonly created_at: number;
}

/** A removed secret that can still be restored. */
export interface RemovedSecret extends Pick<SecretRef, 'name'> {
  readonly owner: SecretOwner;
  /** Milliseconds since the epoch: when it ends for good. */
  readonly ends_at: number;
}

/** Told of a secret that is there and cannot be read, by what names it in the vault. */
export type ReportUnreadable = (name: string, error: unknown) => void;

/** What the sweeper may do: see which secrets there are, remove some recoverably, and bring some back. */
export interface SweepVault extends Pick<WriteVault, 'remove'> {
  /** All that connections have or had; neither what is removed already, nor what others keep beside ours. */
  list(unreadable?: ReportUnreadable): AsyncIterable<ListedSecret>;
  /** Those that `remove` left recoverable, and that have not ended yet. */
  listRemoved(unreadable?: ReportUnreadable): AsyncIterable<RemovedSecret>;
  restore(ref: Pick<SecretRef, 'name'>): Promise<void>;
  /** The mark of the store that the secrets belong to (`domain/store-mark.ts`). */
  readMark(): Promise<string | undefined>;
  writeMark(mark: string): Promise<void>;
}

/** What the probe may do besides. */
export interface Vault extends WriteVault, SweepVault {
  /** Throws `credentials-required` when there is no such version, and refuses one that is not this owner's. */
  read(ref: SecretRef, owner: SecretOwner): Promise<SecretDocument>;
  /** Adds a version beside the current one; it is in force once the connection's item names it. */
  stage(ref: SecretRef, document: SecretDocument): Promise<SecretRef>;
  /** As `stage`, for a secret that was removed or lost: brings it back first, or creates it anew. */
  replace(document: SecretDocument): Promise<SecretRef>;
  /** Tells the vault which version is in force, and may forget those before the last. */
  promote(ref: SecretRef): Promise<void>;
  /** The JSON object of somebody else's secret (platform mode). Throws `secret-not-shared`. */
  readShared(arn: string): Promise<Readonly<Record<string, unknown>>>;
}
