import type { Tenant } from '../domain/access/tenant.ts';

/** The connection that a secret belongs to. */
export interface SecretOwner extends Tenant {
  /** The connection's id, 32 hex digits. */
  readonly id: string;
}

/** A reference to one version of one secret. It is not confidential, but callers never see it. */
export interface SecretRef {
  readonly name: string;
  readonly version: string;
}

/** What the vault keeps for a connection: the credentials, and the only destination that they may be sent to. */
export interface SecretDocument {
  readonly layout: 1;
  readonly owner: SecretOwner;
  /** The fields of the destination, from `describeDestination` (`domain/credentials/destination.ts`). */
  readonly destination: Readonly<Record<string, string>>;
  /** `auth_method`, the connector's fields for it, and `ssl_key` or the tunnel's credentials if there are any. */
  readonly credentials: Readonly<Record<string, string>>;
}

/** The vault for API functions: they create and remove secrets, and never read one. */
export interface WriteVault {
  /** Stores a new secret. Its name derives from the owner, so that a second one for the same owner is refused. */
  create(document: SecretDocument): Promise<SecretRef>;
  /** Removes all versions, recoverable for 7 to 30 days; with 0, permanently at once. Succeeds if the secret does not exist. */
  remove(ref: Pick<SecretRef, 'name'>, recoverableDays: number): Promise<void>;
  /** Undoes a recoverable removal. Throws `credentials-required` if the secret can no longer be recovered. */
  restore(ref: Pick<SecretRef, 'name'>): Promise<void>;
  /** Derives a key for this tenant from one that never leaves the vault. For fingerprints and keyed hashes. */
  key(tenant: Tenant): Promise<Uint8Array>;
  /** Reads the tags of a customer's secret. Returns `undefined` if it does not exist or is not shared with Mooring. */
  tags(arn: string): Promise<Readonly<Record<string, string>> | undefined>;
}

/** The vault for functions that delete and restore connections: they neither create nor read secrets. */
export type RemoveVault = Pick<WriteVault, 'remove' | 'restore'>;

/** An entry in the list of all secrets. */
export interface ListedSecret extends Pick<SecretRef, 'name'> {
  readonly owner: SecretOwner;
  /** Milliseconds since the epoch; never earlier than the creation of the secret. */
  readonly created_at: number;
}

/** A removed secret that can still be restored. */
export interface RemovedSecret extends Pick<SecretRef, 'name'> {
  readonly owner: SecretOwner;
  /** Milliseconds since the epoch: when it is removed permanently. */
  readonly ends_at: number;
}

/** Reports a secret that exists but cannot be read, by its name in the vault. */
export type ReportUnreadable = (name: string, error: unknown) => void;

/** The vault for the sweeper: it lists secrets, removes some recoverably, and restores some. */
export interface SweepVault extends Pick<WriteVault, 'remove'> {
  /** Lists the secrets of all present and former connections, without removed ones and without secrets that are not Mooring's. */
  list(unreadable?: ReportUnreadable): AsyncIterable<ListedSecret>;
  /** Lists the removed secrets that can still be restored. */
  listRemoved(unreadable?: ReportUnreadable): AsyncIterable<RemovedSecret>;
  restore(ref: Pick<SecretRef, 'name'>): Promise<void>;
  /** Reads the mark of the store that the secrets belong to (`domain/credentials/store-mark.ts`). */
  readMark(): Promise<string | undefined>;
  writeMark(mark: string): Promise<void>;
}

/** The current version of a customer's secret. */
export interface SharedSecret {
  readonly version: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** The vault for the probe, which may also read secrets. */
export interface Vault extends WriteVault, SweepVault {
  /** Throws `credentials-required` if the version does not exist. Refuses a secret of another owner. */
  read(ref: SecretRef, owner: SecretOwner): Promise<SecretDocument>;
  /** Adds a version next to the current one. It takes effect once the connection's item references it. */
  stage(ref: SecretRef, document: SecretDocument): Promise<SecretRef>;
  /** Stages a version for a secret that was removed or lost: restores the secret first, or creates it again. */
  replace(document: SecretDocument): Promise<SecretRef>;
  /** Marks a version as the current one. May delete versions older than the previous one. */
  promote(ref: SecretRef): Promise<void>;
  /** Reads the JSON object of a customer's secret (platform mode). Throws `secret-not-shared`. */
  readShared(arn: string): Promise<SharedSecret>;
  /** Reads which version of a customer's secret is current, without its value. Throws `secret-not-shared`. */
  readSharedVersion(arn: string): Promise<string>;
}
