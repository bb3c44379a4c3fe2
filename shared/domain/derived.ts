import { createHash } from 'node:crypto';
import type { NameRules } from '../connectors/names.ts';
import { connectorOf } from './assemble.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import type { StoredConnection } from './connection.ts';
import { canonicalJson } from './same.ts';
import type { TestResult } from './test-result.ts';

/** Data that was derived from a connection, with the `hashDerivation` of the settings that it depends on. */
export type Derived<T> = T & {
  /** Absent in data of releases that did not write it. Such data is current until the connection is updated. */
  readonly of?: string;
};

/**
 * The settings that each kind of derived data depends on. All other settings can change without making the data obsolete. A change to this
 * table makes all stored data obsolete when it is deployed: catalogs are read again, and tests are ignored until the next one.
 */
const sources = {
  /** A catalog depends on the account, the source and the scope. How the network connection is secured does not matter. */
  catalog: (stored: StoredConnection) => [
    stored.type,
    stored.config,
    stored.excluded_schemas,
    stored.auth_method,
    // If `config` names no account, the credentials do, and new credentials may belong to another account.
    hasAccount(stored) ? null : stored.credentials_version,
  ],
  /** Where a test connects to and how. A result says nothing about other settings. */
  test: ({ role, options, config, ssl, secret, credentials_version }: StoredConnection) => [
    role,
    options.ssl_mode,
    config,
    ssl,
    secret,
    credentials_version,
  ],
  /** Failed logins are counted per destination, account and credentials. */
  login: ({ type, config, auth_method, secret, credentials_version }: StoredConnection) => [
    type,
    connectorOf(type).destination.map((field) => config[field] ?? null),
    auth_method,
    secret,
    credentials_version,
  ],
  /** Everything that can affect the outcome of an introspection. */
  introspection: (stored: StoredConnection) => [
    ...sources.catalog(stored),
    ...sources.test(stored),
    stored.options.connection_timeout_seconds,
    stored.options.query_timeout_seconds,
  ],
};

const hasAccount = ({ config }: StoredConnection): boolean =>
  (config['username'] ?? config['access_key_id'] ?? null) !== null;

/** Hashes the settings that data of this kind depends on. Data with another hash belongs to other settings and must not be served. */
export const hashDerivation = (kind: keyof typeof sources, stored: StoredConnection): string =>
  createHash('sha256')
    .update(`${kind}\0${canonicalJson(sources[kind](stored))}`)
    .digest('base64url')
    .slice(0, 22);

const isCurrent = (kind: keyof typeof sources, stored: StoredConnection, of: string | null | undefined) =>
  (of ?? null) === null || of === hashDerivation(kind, stored);

/** Returns the catalog if it is of the source that the connection now names. */
export const readCatalog = (stored: StoredConnection): Derived<CatalogSummary> | null => {
  const { catalog } = stored;
  return catalog && isCurrent('catalog', stored, catalog.of) ? catalog : null;
};

/** Finds the snapshot that a caller pages through, if it still exists and is of the source that the connection now names. */
export const findSnapshot = (stored: StoredConnection, snapshot: string): CatalogSummary | undefined => {
  const found = [stored.catalog, stored.previous_catalog].find((each) => each?.snapshot_id === snapshot);
  return found && isCurrent('catalog', stored, found.of) ? found : undefined;
};

/** How the source of a catalog compares names. */
export const readNameRules = ({ type }: StoredConnection, { names }: CatalogSummary): NameRules =>
  names ?? connectorOf(type).names;

/** Returns the last test if it used the settings that the connection now has. */
export const readLastTest = (stored: StoredConnection): TestResult | null => {
  const { last_test: last } = stored;
  return last && isCurrent('test', stored, last.of) ? last : null;
};

/** Counts consecutive failed logins with the credentials, account and destination that the connection now has. */
export const countRefusals = (stored: StoredConnection): number =>
  isCurrent('login', stored, stored.refusals_of) ? stored.refusals : 0;

/**
 * Adds the derivation hash to derived data of an earlier release before an update makes it unknown. `read` is the connection before the
 * update; `next`, after it, may name another source.
 */
export const bindDerived = (read: StoredConnection, next: StoredConnection): StoredConnection => ({
  ...next,
  catalog: bind('catalog', read, next.catalog),
  previous_catalog: bind('catalog', read, next.previous_catalog),
  last_test: bind('test', read, next.last_test),
  refusals_of: next.refusals_of ?? (next.refusals > 0 ? hashDerivation('login', read) : null),
});

const bind = <T extends object>(
  kind: keyof typeof sources,
  read: StoredConnection,
  value: Derived<T> | null,
): Derived<T> | null =>
  value && value.of === undefined ? { ...value, of: hashDerivation(kind, read) } : value;

/** Whether a test of `before` says nothing about `after`. */
export const needsTest = (before: StoredConnection, after: StoredConnection): boolean =>
  hashDerivation('test', before) !== hashDerivation('test', after);
