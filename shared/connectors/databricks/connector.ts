import * as v from 'valibot';
import { defineConnector } from '../connector.ts';
import { namesInAnyCase } from '../name-rules.ts';
import { NameField, SecretField } from '../fields.ts';

/** A host of Databricks on AWS, Azure or Google Cloud, and no other host, because the token is sent there. */
const DatabricksHost = v.pipe(
  v.string(),
  v.regex(
    /^[a-z0-9]([a-z0-9.-]{0,100}[a-z0-9])?\.(cloud\.databricks\.(com|us|mil)|gcp\.databricks\.com|azuredatabricks\.net|databricks\.azure\.(us|cn))$/,
    'the host of a Databricks workspace, such as dbc-….cloud.databricks.com',
  ),
);
const DatabricksHttpPath = v.pipe(
  v.string(),
  v.regex(
    /^\/?sql\/(1\.0\/(warehouses|endpoints)\/[A-Za-z0-9]{1,64}|protocolv1\/o\/\d{1,20}\/[A-Za-z0-9-]{1,64})(\?o=\d{1,20})?$/,
    'the HTTP path of a warehouse or cluster, such as /sql/1.0/warehouses/…',
  ),
);

/** Tested against Spark's Thrift server, behind a server that refuses as Databricks is documented to; not against Databricks itself. */
export const databricks = defineConnector({
  title: 'Databricks',
  driver: '@databricks/sql',
  config: v.strictObject({
    host: DatabricksHost,
    http_path: DatabricksHttpPath,
    catalog: v.exactOptional(NameField),
    schema: v.exactOptional(NameField),
  }),
  credentials: {
    token: v.strictObject({ token: SecretField }),
    oauth: v.strictObject({ client_id: NameField, client_secret: SecretField }),
  },
  misplaced: {
    http_path: (value) =>
      /^https?:\/\//i.test(value) ? 'the path alone: the host belongs in config.host' : undefined,
  },
  destination: ['host', 'http_path'],
  strength: { auth_method: 'exact', client_id: 'exact' },
  reach: ({ host }) => ({ named: [{ places: [{ host, port: 443 }] }], bareEntry: 443 }),
  autocomplete: ['schemas', 'tables', 'columns'],
  // https://docs.databricks.com/sql/language-manual/sql-ref-names
  names: namesInAnyCase,
  loadQuote: async () => (await import('./quote.ts')).quoteDatabricksName,
  loadTypeNames: async () => (await import('./type-names.ts')).databricksTypeNames,
  connectionString: {
    schemes: ['databricks'],
    parse: async (text) => (await import('./connection-string.ts')).parseDatabricksConnectionString(text),
  },
  load: async () => (await import('./session.ts')).databricksSessionModule,
});
