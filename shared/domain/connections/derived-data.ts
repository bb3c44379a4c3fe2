import { createHash } from 'node:crypto';
import type { NameRules } from '../../connectors/name-rules.ts';
import { resolveConnector } from './parse-connection-input.ts';
import type { CatalogSummary } from '../catalog/catalog-summary.ts';
import type { Derived, StoredConnection } from './connection.ts';
import { toCanonicalJson } from '../json-equal.ts';
import type { TestResult } from '../testing/test-result.ts';

/**
 * The settings that each kind of derived data depends on. All other settings can change without making the data obsolete. A change to this
 * table makes all stored data that has a hash obsolete when it is deployed: catalogs are read again, and tests are ignored until the next one.
 */
const derivationSources = {
  /** A catalog depends on the account, the source and the scope. How the network connection is secured does not matter. */
  catalog: (stored: StoredConnection) => [
    stored.type,
    stored.config,
    stored.excluded_schemas,
    stored.auth_method,
    // If `config` names no account, the credentials do, and new credentials may belong to another account.
    hasConfiguredAccount(stored) ? null : stored.credentials_version,
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
    resolveConnector(type).destination.map((field) => config[field] ?? null),
    auth_method,
    secret,
    credentials_version,
  ],
  /** Everything that can affect the outcome of an introspection. */
  introspection: (stored: StoredConnection) => [
    ...derivationSources.catalog(stored),
    ...derivationSources.test(stored),
    stored.options.connection_timeout_seconds,
    stored.options.query_timeout_seconds,
  ],
};

const hasConfiguredAccount = ({ config }: StoredConnection): boolean =>
  (config['username'] ?? config['access_key_id'] ?? null) !== null;

/** Hashes the settings that data of this kind depends on. Data with another hash belongs to other settings and must not be served. */
export const hashDerivation = (kind: keyof typeof derivationSources, stored: StoredConnection): string =>
  createHash('sha256')
    .update(`${kind}\0${toCanonicalJson(derivationSources[kind](stored))}`)
    .digest('base64url')
    .slice(0, 22);

const isCurrentDerivation = (
  kind: keyof typeof derivationSources,
  stored: StoredConnection,
  of: string | null | undefined,
) => (of ?? null) === null || of === hashDerivation(kind, stored);

/** Returns the catalog if it is of the source that the connection now names. */
export const readCurrentCatalog = (stored: StoredConnection): Derived<CatalogSummary> | null => {
  const { catalog } = stored;
  return catalog && isCurrentDerivation('catalog', stored, catalog.of) ? catalog : null;
};

/** Finds the snapshot that a caller pages through, if it still exists and is of the source that the connection now names. */
export const findSnapshot = (stored: StoredConnection, snapshot: string): CatalogSummary | undefined => {
  const found = [stored.catalog, stored.previous_catalog].find((each) => each?.snapshot_id === snapshot);
  return found && isCurrentDerivation('catalog', stored, found.of) ? found : undefined;
};

/** How the source of a catalog compares names. */
export const resolveNameRules = ({ type }: StoredConnection, { names }: CatalogSummary): NameRules =>
  names ?? resolveConnector(type).names;

/** Returns the last test if it used the settings that the connection now has. */
export const readLastTest = (stored: StoredConnection): TestResult | null => {
  const { last_test: last } = stored;
  return last && isCurrentDerivation('test', stored, last.of) ? last : null;
};

/** Counts consecutive failed logins with the credentials, account and destination that the connection now has. */
export const countRefusals = (stored: StoredConnection): number =>
  isCurrentDerivation('login', stored, stored.refusals_of) ? stored.refusals : 0;

/**
 * Adds the missing derivation hash to data that an earlier release derived. `read` is the connection before an update, which still has the
 * settings that the data was derived from; `next` is the connection after it.
 */
export const bindDerived = (read: StoredConnection, next: StoredConnection): StoredConnection => ({
  ...next,
  catalog: bindDerivedValue('catalog', read, next.catalog),
  previous_catalog: bindDerivedValue('catalog', read, next.previous_catalog),
  last_test: bindDerivedValue('test', read, next.last_test),
  refusals_of: next.refusals_of ?? (next.refusals > 0 ? hashDerivation('login', read) : null),
});

const bindDerivedValue = <T extends object>(
  kind: keyof typeof derivationSources,
  read: StoredConnection,
  value: Derived<T> | null,
): Derived<T> | null =>
  value && value.of === undefined ? { ...value, of: hashDerivation(kind, read) } : value;

/** Whether a test of `before` says nothing about `after`. */
export const isTestOutdated = (before: StoredConnection, after: StoredConnection): boolean =>
  hashDerivation('test', before) !== hashDerivation('test', after);
