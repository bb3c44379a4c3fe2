import { createHash } from 'node:crypto';
import type { NameRules } from '../connectors/names.ts';
import { connectorOf } from './assemble.ts';
import type { CatalogSummary } from './catalog-summary.ts';
import type { StoredConnection } from './connection.ts';
import { canonicalJson } from './same.ts';
import type { TestResult } from './test-result.ts';

/** Something that was found out about a connection, with the `hashDerivation` of what it was found out from. */
export type Derived<T> = T & {
  /** Left out by releases that did not write it: true of the connection until that changes. */
  readonly of?: string;
};

/**
 * What each kind of derived data depends on. Whatever else a connection holds may change without making it wrong. A change of this table
 * makes all that is stored obsolete at the upgrade: catalogs are read anew, and tests are forgotten until the next.
 */
const sources = {
  /** A catalog is what one account sees in one place and scope; how the way there is secured does not change it. */
  catalog: (stored: StoredConnection) => [
    stored.type,
    stored.config,
    stored.excluded_schemas,
    stored.auth_method,
    // Where `config` names no account, the credentials do, and new ones may be another's.
    hasAccount(stored) ? null : stored.credentials_version,
  ],
  /** Where a test goes and how: a result says nothing about any other way. */
  test: ({ role, options, config, ssl, secret, credentials_version }: StoredConnection) => [
    role,
    options.ssl_mode,
    config,
    ssl,
    secret,
    credentials_version,
  ],
  /** Refused logins count per destination, account and credentials. */
  login: ({ type, config, auth_method, secret, credentials_version }: StoredConnection) => [
    type,
    connectorOf(type).destination.map((field) => config[field] ?? null),
    auth_method,
    secret,
    credentials_version,
  ],
  /** All that can decide how an introspection ends. */
  introspection: (stored: StoredConnection) => [
    ...sources.catalog(stored),
    ...sources.test(stored),
    stored.options.connection_timeout_seconds,
    stored.options.query_timeout_seconds,
  ],
};

const hasAccount = ({ config }: StoredConnection): boolean =>
  (config['username'] ?? config['access_key_id'] ?? null) !== null;

/** What data of this kind is derived from, as a hash: data that carries another is of another source, and is not served. */
export const hashDerivation = (kind: keyof typeof sources, stored: StoredConnection): string =>
  createHash('sha256')
    .update(`${kind}\0${canonicalJson(sources[kind](stored))}`)
    .digest('base64url')
    .slice(0, 22);

const isCurrent = (kind: keyof typeof sources, stored: StoredConnection, of: string | null | undefined) =>
  (of ?? null) === null || of === hashDerivation(kind, stored);

/** The catalog, if it is of the source that the connection now names. */
export const readCatalog = (stored: StoredConnection): Derived<CatalogSummary> | null => {
  const { catalog } = stored;
  return catalog && isCurrent('catalog', stored, catalog.of) ? catalog : null;
};

/** The snapshot that a caller pages through, if it is still there and of the source that the connection now names. */
export const findSnapshot = (stored: StoredConnection, snapshot: string): CatalogSummary | undefined => {
  const found = [stored.catalog, stored.previous_catalog].find((each) => each?.snapshot_id === snapshot);
  return found && isCurrent('catalog', stored, found.of) ? found : undefined;
};

/** How the source of a catalog compares names. */
export const readNameRules = ({ type }: StoredConnection, { names }: CatalogSummary): NameRules =>
  names ?? connectorOf(type).names;

/** The last test, if it was one of the connection as it now is. */
export const readLastTest = (stored: StoredConnection): TestResult | null => {
  const { last_test: last } = stored;
  return last && isCurrent('test', stored, last.of) ? last : null;
};

/** Refused logins in a row with the credentials, account and destination that the connection now has. */
export const countRefusals = (stored: StoredConnection): number =>
  isCurrent('login', stored, stored.refusals_of) ? stored.refusals : 0;

/**
 * Writes on derived data of an older release what it is of, as long as that is known: `read` is the connection before the change,
 * `next` the one after it, which may name another source.
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

/** Whether a test of the one says nothing about the other. */
export const needsTest = (before: StoredConnection, after: StoredConnection): boolean =>
  hashDerivation('test', before) !== hashDerivation('test', after);
