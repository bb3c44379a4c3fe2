import { resolveConnector } from './parse-connection-input.ts';
import type { Connection, ListedConnection, StoredConnection } from './connection.ts';
import { readCurrentCatalog } from './derived-data.ts';
import type { Health } from '../health/health-item.ts';
import { presentHealth, presentLastTest } from '../health/present-health.ts';
import { describeDestination, isWithinDestination, toSha256Hex } from '../credentials/destination.ts';
import { toPublicId } from '../id.ts';
import { presentIntrospection } from '../catalog/introspection-outcome.ts';
import type * as v from 'valibot';

/** The connection as the API returns it. */
export const presentConnection = (stored: StoredConnection, health: Health, now: number): Connection => ({
  ...presentCommonFields(stored, health, now),
  ssl: { ca: stored.ssl.ca, has_client_certificate: stored.ssl.cert !== null },
});

/** The connection as an item of a list. */
export const presentListedConnection = (
  stored: StoredConnection,
  health: Health,
  now: number,
): v.InferOutput<typeof ListedConnection> => ({
  ...presentCommonFields(stored, health, now),
  ssl: {
    ca_sha256: stored.ssl.ca === null ? null : toSha256Hex(stored.ssl.ca),
    has_client_certificate: stored.ssl.cert !== null,
  },
});

/**
 * Whether the credentials must not be sent to the destination that the connection now names. In platform mode only the probe reads the tags
 * of the secret, so the code of its last result counts too.
 */
export const hasLockedCredentials = ({ auth_method, ...stored }: StoredConnection): boolean => {
  const connector = resolveConnector(stored.type);
  const now = describeDestination(connector, { ...stored, login: { auth_method } });
  return (
    !isWithinDestination(connector, stored.bound, now) ||
    ('arn' in stored.secret && stored.status_reason === 'credentials-locked')
  );
};

/** Lists the consumers whose usage has not ended. */
export const listConsumers = ({ usages }: StoredConnection, now: number): string[] =>
  Object.entries(usages)
    .filter(([, until]) => until === 0 || until * 1000 > now)
    .map(([consumer]) => consumer);

/**
 * The value of the ETag: `version` counts updates by callers, `revision` all writes of the connection, and the third part the writes of its
 * health and the fields that time has changed (`aged`). Between two writes of the connection both only grow.
 */
export const toEntityTag = (
  { version, revision }: Pick<StoredConnection, 'version' | 'revision'>,
  { seq }: Pick<Health, 'seq'>,
  aged = 0,
): string => `"${version}.${revision}.${seq + aged}"`;

/** Counts the usages that have expired since the last write. */
export const countEndedUsages = (stored: StoredConnection, now: number): number =>
  Object.keys(stored.usages).length - listConsumers(stored, now).length;

const presentCommonFields = (stored: StoredConnection, health: Health, now: number) => {
  const last = presentLastTest(stored, health);
  return {
    id: toPublicId(stored.id),
    org_id: stored.org_id,
    environment_id: stored.environment_id,
    name: stored.name,
    description: stored.description,
    type: stored.type,
    flavor: stored.flavor,
    role: stored.role,
    mode: stored.mode,
    product: stored.product,
    config: { ...stored.config },
    credentials: {
      auth_method: stored.auth_method,
      version: stored.credentials_version,
      locked: hasLockedCredentials(stored),
      fields: { ...stored.fields },
    },
    options: stored.options,
    tunnel: null,
    excluded_schemas: [...stored.excluded_schemas],
    tags: [...stored.tags],
    metadata: { ...stored.metadata },
    status: stored.status,
    status_reason: stored.status_reason,
    health: presentHealth(stored, health, now),
    last_test: last,
    last_tested_at: last?.tested_at ?? null,
    last_introspected_at: readCurrentCatalog(stored)?.introspected_at ?? null,
    last_introspection: presentIntrospection(stored, now),
    usages: listConsumers(stored, now).length,
    is_active: stored.deleted_at === null,
    deleted_at: stored.deleted_at,
    version: stored.version,
    created_at: stored.created_at,
    updated_at: stored.updated_at,
  };
};
