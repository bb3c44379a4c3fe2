import * as v from 'valibot';
import { maxCharacters } from '../characters.ts';
import { connectors } from '../connectors/registry.ts';
import { connectionOptions } from './connection-options.ts';

const characters = (most: number) => v.pipe(v.string(), maxCharacters(most));

export const ConnectionName = v.pipe(v.string(), maxCharacters(200), v.trim(), v.minLength(1));

/** Only the PEM frame is checked here. The connection test checks the content. */
const pem = (label: RegExp, what: string) =>
  v.pipe(v.string(), v.maxLength(65_536), v.regex(label, `${what} in PEM, from -----BEGIN to -----END`));
const certificate =
  /-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (TRUSTED |X509 )?CERTIFICATE-----/;
const privateKey = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----[^-]+-----END ([A-Z]+ )?PRIVATE KEY-----/;

export const Ssl = v.strictObject({
  ca: v.optional(
    v.nullable(
      v.union([v.literal('rds'), pem(certificate, 'certificates')], 'the word rds, or certificates in PEM'),
    ),
  ),
  cert: v.optional(v.nullable(pem(certificate, 'a certificate'))),
  key: v.optional(v.nullable(pem(privateKey, 'a private key'))),
});

/** The store does not accept empty keys. */
const Label = v.pipe(v.string(), v.minLength(1), maxCharacters(100));
const Metadata = v.pipe(v.record(Label, characters(2000)), v.maxEntries(50, 'at most 50 pairs'));
const Tags = v.pipe(v.array(Label), v.maxLength(50));
const Schemas = v.pipe(v.array(v.pipe(v.string(), v.minLength(1), maxCharacters(200))), v.maxLength(200));
const Product = Label;
const Fields = v.record(v.string(), v.unknown());
const Flavor = v.picklist(['supabase', 'gcp', 'aws', 'local']);

/** SSH tunnels are not supported yet. */
const Tunnel = v.null('null: tunnels are not available yet');

export const types = Object.keys(connectors) as (keyof typeof connectors)[];

/** The body of a create request. The connector that `type` names parses `config` and `credentials`. */
export const ConnectionInput = v.strictObject({
  name: ConnectionName,
  description: v.optional(v.nullable(characters(2000))),
  type: v.pipe(v.string(), v.maxLength(50)),
  flavor: v.optional(v.nullable(Flavor)),
  role: v.optional(v.picklist(['source', 'target']), 'source'),
  mode: v.optional(v.picklist(['managed', 'platform']), 'managed'),
  product: v.optional(v.nullable(Product)),
  config: v.optional(Fields),
  credentials: v.optional(Fields),
  connection_string: v.optional(v.pipe(v.string(), v.minLength(10), v.maxLength(65_536))),
  options: v.optional(connectionOptions.Input),
  ssl: v.optional(v.nullable(Ssl)),
  tunnel: v.optional(Tunnel),
  excluded_schemas: v.optional(Schemas),
  tags: v.optional(Tags),
  metadata: v.optional(Metadata),
});
export type ConnectionInput = v.InferOutput<typeof ConnectionInput>;

const readOnly = v.optional(v.never('no such field in a change: it is not writable'));

/** The body of an update, a JSON Merge Patch (RFC 7396): absent fields stay as they are, and `null` removes a field. */
export const ConnectionPatch = v.strictObject({
  name: v.optional(ConnectionName),
  description: v.optional(v.nullable(characters(2000))),
  flavor: v.optional(v.nullable(Flavor)),
  role: v.optional(v.picklist(['source', 'target'])),
  product: v.optional(v.nullable(Product)),
  config: v.optional(Fields),
  credentials: v.optional(Fields),
  connection_string: v.optional(v.pipe(v.string(), v.minLength(10), v.maxLength(65_536))),
  options: v.optional(v.nullable(connectionOptions.Patch)),
  ssl: v.optional(v.nullable(Ssl)),
  tunnel: v.optional(Tunnel),
  excluded_schemas: v.optional(v.nullable(Schemas)),
  tags: v.optional(v.nullable(Tags)),
  metadata: v.optional(v.nullable(v.record(Label, v.nullable(characters(2000))))),
  id: readOnly,
  org_id: readOnly,
  environment_id: readOnly,
  type: readOnly,
  mode: readOnly,
  status: readOnly,
  status_reason: readOnly,
  last_test: readOnly,
  last_tested_at: readOnly,
  last_introspected_at: readOnly,
  last_introspection: readOnly,
  usages: readOnly,
  is_active: readOnly,
  deleted_at: readOnly,
  version: readOnly,
  created_at: readOnly,
  updated_at: readOnly,
});
export type ConnectionPatch = v.InferOutput<typeof ConnectionPatch>;
