import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import type { Connector } from '../../connectors/connector.ts';
import { isSecretField } from '../../connectors/input/fields.ts';
import { connectors } from '../../connectors/registry.ts';
import { stepNames } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';

const JsonSchemaDocument = v.record(v.string(), v.unknown());

/** A connector as the API describes it. A form, a command line or a template can be built from this description alone. */
export const ConnectorInfo = v.object({
  type: v.string(),
  title: v.string(),
  config: JsonSchemaDocument,
  /** By auth method. The first method is the default. */
  credentials: v.record(v.string(), JsonSchemaDocument),
  default_auth_method: v.string(),
  /** The secret fields of `credentials`. */
  secret_fields: v.array(v.string()),
  /** The fields of `config` that lock the credentials when they are updated. */
  destination_fields: v.array(v.string()),
  default_port: v.nullable(v.number()),
  minimum_version: v.nullable(v.string()),
  connection_string_schemes: v.array(v.string()),
  capabilities: v.object({
    test: v.literal(true),
    schema: v.literal(true),
    autocomplete: v.array(v.string()),
  }),
  test_steps: v.array(v.string()),
});
export type ConnectorInfo = v.InferOutput<typeof ConnectorInfo>;

export const listConnectors = (): ConnectorInfo[] =>
  Object.entries<Connector>(connectors).map(([type, connector]) => toConnectorInfo(type, connector));

export const describeConnector = (type: string): ConnectorInfo => {
  const found = Object.entries<Connector>(connectors).find(([name]) => name === type);
  if (!found)
    throw new Problem('not-found', 'No connector has this type', {
      remediation: 'Use a type that GET /v1/connectors lists.',
    });
  return toConnectorInfo(...found);
};

const toConnectorInfo = (type: string, connector: Connector): ConnectorInfo => {
  const methods = Object.entries(connector.credentials);
  return {
    type,
    title: connector.title,
    config: toConnectorJsonSchema(connector.config),
    credentials: Object.fromEntries(
      methods.map(([method, schema]) => [method, toConnectorJsonSchema(schema)]),
    ),
    default_auth_method: methods[0]?.[0] ?? 'none',
    secret_fields: [...new Set(methods.flatMap(([, schema]) => listSecretEntries(schema)))],
    destination_fields: [...connector.destination],
    default_port: connector.defaultPort ?? null,
    minimum_version: connector.minimum ?? null,
    connection_string_schemes: [...(connector.connectionString?.schemes ?? [])],
    capabilities: { test: true, schema: true, autocomplete: [...connector.autocomplete] },
    test_steps: [...stepNames],
  };
};

/** The schema marks secret fields as `writeOnly`. */
const toConnectorJsonSchema = (schema: Connector['config']): Record<string, unknown> => {
  const { $schema: _, ...document } = toJsonSchema(schema, { typeMode: 'input', errorMode: 'ignore' });
  return document;
};

const listSecretEntries = ({ entries }: Connector['config']): string[] =>
  Object.entries(entries)
    .filter(([, field]) => isSecretField(field))
    .map(([name]) => name);
