import type { Connector } from '../../connectors/connector.ts';
import { parseInput } from '../../parse-input.ts';
import { Problem } from '../../problem.ts';
import { splitFields } from './parse-connection-input.ts';
import type { StoredConnection } from './connection.ts';
import { defaultOptions, type ConnectionOptions } from './connection-options.ts';
import type { ConnectionPatch } from './connection-input.ts';
import { checkUpdateContradictions } from '../input/contradictions.ts';
import { normalizeFields, normalizeSsl } from '../input/normalize-fields.ts';
import { checkText } from '../input/check-text.ts';
import { isJsonEqual } from '../json-equal.ts';

export interface AppliedUpdate {
  /** The connection after the update, without credentials. The same object as before if nothing changes. */
  readonly next: StoredConnection;
  /** The patch to merge into the credentials (`null` removes a field), if the update touches them. */
  readonly credentials: Readonly<Record<string, unknown>> | undefined;
}

/** Applies a JSON Merge Patch to the writable fields. Does not set versions and times; the function that writes the connection does. */
export const applyUpdate = async (
  connector: Connector,
  stored: StoredConnection,
  patch: ConnectionPatch,
): Promise<AppliedUpdate> => {
  checkText(patch, stored);
  const sorted = await splitFields(connector, {
    config: patch.config,
    credentials: patch.credentials,
    connection_string: patch.connection_string,
    options: patch.options ?? undefined,
  });
  const parts = { ...sorted, ...normalizeFields(connector, sorted) };
  if (patch.flavor && stored.type !== 'postgresql') {
    throw new Problem('invalid-request', 'flavor: expected null, because only postgresql has flavors', {
      errors: [{ path: 'flavor', expected: 'null, because only postgresql has flavors' }],
    });
  }
  const ssl = mergeSsl(stored, patch);
  const next: StoredConnection = {
    ...stored,
    ...(patch.name !== undefined && { name: patch.name }),
    ...(patch.description !== undefined && { description: patch.description }),
    ...(patch.flavor !== undefined && { flavor: patch.flavor }),
    ...(patch.role !== undefined && { role: patch.role }),
    ...(patch.product !== undefined && { product: patch.product }),
    ...(patch.excluded_schemas !== undefined && { excluded_schemas: patch.excluded_schemas ?? [] }),
    ...(patch.tags !== undefined && { tags: patch.tags ?? [] }),
    config: parseInput(connector.config, mergeConfig(stored.config, parts.config), 'config'),
    options: mergeOptions(patch.options === null ? defaultOptions : stored.options, {
      ...parts.options,
      ...patch.options,
    }),
    metadata: mergeMetadata(stored.metadata, patch.metadata),
    ssl: ssl.stored,
  };
  const credentials: Readonly<Record<string, unknown>> = { ...parts.credentials, ...ssl.credentials };
  const touched = Object.keys(credentials).length > 0 || ssl.certificateChanged;
  // In managed mode, the auth method of new credentials is known only after they are merged.
  const { auth_method: named } = credentials;
  if (!touched || stored.mode === 'platform')
    checkUpdateContradictions(connector, stored, {
      ...next,
      ...(typeof named === 'string' && { auth_method: named }),
    });
  if (measureConnection(next) > MAX_CONNECTION_BYTES)
    throw new Problem('payload-too-large', 'A connection can have at most 256 KB in total');
  return {
    next: isJsonEqual(next, stored) ? stored : next,
    credentials: touched ? credentials : undefined,
  };
};

/** The limit of a request body. Without it, many small updates could add up to more than an item can hold. */
const MAX_CONNECTION_BYTES = 256 * 1024;

const measureConnection = ({
  description,
  config,
  ssl,
  excluded_schemas,
  tags,
  metadata,
}: StoredConnection) =>
  Buffer.byteLength(JSON.stringify([description, config, ssl, excluded_schemas, tags, metadata]));

const mergeConfig = (target: Readonly<Record<string, unknown>>, patch: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries({ ...target, ...patch }).filter(([, value]) => value !== null));

const mergeOptions = (
  options: ConnectionOptions,
  patch: Readonly<Record<string, unknown>>,
): ConnectionOptions => {
  const changes = Object.entries(patch).filter(([, value]) => value !== undefined);
  const given = Object.fromEntries(changes.filter(([, value]) => value !== null));
  const reset = Object.fromEntries(
    Object.entries(defaultOptions).filter(([name]) =>
      changes.some(([key, value]) => key === name && value === null),
    ),
  );
  return { ...options, ...reset, ...given };
};

const mergeMetadata = (
  metadata: Readonly<Record<string, string>>,
  patch: ConnectionPatch['metadata'],
): Readonly<Record<string, string>> => {
  if (patch === undefined) return metadata;
  const pairs = Object.entries(patch === null ? {} : { ...metadata, ...patch }).filter(
    (pair): pair is [string, string] => pair[1] !== null,
  );
  if (pairs.length > 50) {
    throw new Problem('invalid-request', 'metadata: expected at most 50 entries', {
      errors: [{ path: 'metadata', expected: 'at most 50 entries' }],
    });
  }
  return Object.fromEntries(pairs);
};

/** The certificates are not secret. The key is a credential. */
const mergeSsl = ({ ssl }: StoredConnection, { ssl: patch }: ConnectionPatch) => {
  if (patch === undefined) return { stored: ssl, credentials: {}, certificateChanged: false };
  const { ca, cert, key } = normalizeSsl(
    patch ?? { ca: null, cert: null, key: ssl.cert === null ? undefined : null },
  );
  const stored = { ca: ca === undefined ? ssl.ca : ca, cert: cert === undefined ? ssl.cert : cert };
  return {
    stored,
    credentials: { ...(key !== undefined && { ssl_key: key }) },
    certificateChanged: stored.cert !== ssl.cert,
  };
};
