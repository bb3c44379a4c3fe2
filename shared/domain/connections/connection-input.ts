import * as v from 'valibot';
import { limitCharacters } from '../../characters.ts';
import { connectors } from '../../connectors/registry.ts';
import { connectionOptions } from './connection-options.ts';

const createTextSchema = (most: number) => v.pipe(v.string(), limitCharacters(most));

export const ConnectionName = v.pipe(v.string(), limitCharacters(200), v.trim(), v.minLength(1));

/** Only the PEM frame is checked here. The connection test checks the content. */
const createPemSchema = (label: RegExp, what: string) =>
  v.pipe(
    v.string(),
    v.maxLength(65_536),
    v.regex(label, `${what} in PEM format, from -----BEGIN to -----END`),
  );
const certificatePattern =
  /-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (TRUSTED |X509 )?CERTIFICATE-----/;
const privateKeyPattern = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----[^-]+-----END ([A-Z]+ )?PRIVATE KEY-----/;

export const SslInput = v.strictObject({
  ca: v.optional(
    v.nullable(
      v.union(
        [v.literal('rds'), createPemSchema(certificatePattern, 'certificates')],
        '`rds`, or certificates in PEM format',
      ),
    ),
  ),
  cert: v.optional(v.nullable(createPemSchema(certificatePattern, 'a certificate'))),
  key: v.optional(v.nullable(createPemSchema(privateKeyPattern, 'a private key'))),
});

/** The store does not accept empty keys. */
const ConnectionLabel = v.pipe(v.string(), v.minLength(1), limitCharacters(100));
const ConnectionMetadata = v.pipe(
  v.record(ConnectionLabel, createTextSchema(2000)),
  v.maxEntries(50, 'at most 50 entries'),
);
const ConnectionTags = v.pipe(v.array(ConnectionLabel), v.maxLength(50));
const ExcludedSchemas = v.pipe(
  v.array(v.pipe(v.string(), v.minLength(1), limitCharacters(200))),
  v.maxLength(200),
);
const ConnectionProduct = ConnectionLabel;
const UnparsedFields = v.record(v.string(), v.unknown());
const PostgresqlFlavor = v.picklist(['supabase', 'gcp', 'aws', 'local']);

/** SSH tunnels are not supported yet. */
const TunnelInput = v.null('null, because tunnels are not supported yet');

export const connectorTypes = Object.keys(connectors) as (keyof typeof connectors)[];

/** The body of a create request. The connector that `type` names parses `config` and `credentials`. */
export const ConnectionInput = v.strictObject({
  name: ConnectionName,
  description: v.optional(v.nullable(createTextSchema(2000))),
  type: v.pipe(v.string(), v.maxLength(50)),
  flavor: v.optional(v.nullable(PostgresqlFlavor)),
  role: v.optional(v.picklist(['source', 'target']), 'source'),
  mode: v.optional(v.picklist(['managed', 'platform']), 'managed'),
  product: v.optional(v.nullable(ConnectionProduct)),
  config: v.optional(UnparsedFields),
  credentials: v.optional(UnparsedFields),
  connection_string: v.optional(v.pipe(v.string(), v.minLength(10), v.maxLength(65_536))),
  options: v.optional(connectionOptions.Input),
  ssl: v.optional(v.nullable(SslInput)),
  tunnel: v.optional(TunnelInput),
  excluded_schemas: v.optional(ExcludedSchemas),
  tags: v.optional(ConnectionTags),
  metadata: v.optional(ConnectionMetadata),
});
export type ConnectionInput = v.InferOutput<typeof ConnectionInput>;

const readOnlyField = v.optional(v.never('no value, because the field is read-only'));

/** The body of an update, a JSON Merge Patch (RFC 7396): absent fields stay as they are, and `null` removes a field. */
export const ConnectionPatch = v.strictObject({
  name: v.optional(ConnectionName),
  description: v.optional(v.nullable(createTextSchema(2000))),
  flavor: v.optional(v.nullable(PostgresqlFlavor)),
  role: v.optional(v.picklist(['source', 'target'])),
  product: v.optional(v.nullable(ConnectionProduct)),
  config: v.optional(UnparsedFields),
  credentials: v.optional(UnparsedFields),
  connection_string: v.optional(v.pipe(v.string(), v.minLength(10), v.maxLength(65_536))),
  options: v.optional(v.nullable(connectionOptions.Patch)),
  ssl: v.optional(v.nullable(SslInput)),
  tunnel: v.optional(TunnelInput),
  excluded_schemas: v.optional(v.nullable(ExcludedSchemas)),
  tags: v.optional(v.nullable(ConnectionTags)),
  metadata: v.optional(v.nullable(v.record(ConnectionLabel, v.nullable(createTextSchema(2000))))),
  id: readOnlyField,
  org_id: readOnlyField,
  environment_id: readOnlyField,
  type: readOnlyField,
  mode: readOnlyField,
  status: readOnlyField,
  status_reason: readOnlyField,
  health: readOnlyField,
  last_test: readOnlyField,
  last_tested_at: readOnlyField,
  last_introspected_at: readOnlyField,
  last_introspection: readOnlyField,
  usages: readOnlyField,
  is_active: readOnlyField,
  deleted_at: readOnlyField,
  version: readOnlyField,
  created_at: readOnlyField,
  updated_at: readOnlyField,
});
export type ConnectionPatch = v.InferOutput<typeof ConnectionPatch>;
