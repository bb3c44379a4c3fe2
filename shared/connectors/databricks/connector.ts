import * as v from 'valibot';
import { defineConnector } from '../connector.ts';
import { namesInAnyCase } from '../names.ts';
import { Name, Secret } from '../fields.ts';

/** A host of Databricks on AWS, Azure or Google Cloud, and no other host, because the token is sent there. */
const Workspace = v.pipe(
  v.string(),
  v.regex(
    /^[a-z0-9]([a-z0-9.-]{0,100}[a-z0-9])?\.(cloud\.databricks\.(com|us|mil)|gcp\.databricks\.com|azuredatabricks\.net|databricks\.azure\.(us|cn))$/,
    'the host of a Databricks workspace, such as dbc-….cloud.databricks.com',
  ),
);
const HttpPath = v.pipe(
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
    host: Workspace,
    http_path: HttpPath,
    catalog: v.exactOptional(Name),
    schema: v.exactOptional(Name),
  }),
  credentials: {
    token: v.strictObject({ token: Secret }),
    oauth: v.strictObject({ client_id: Name, client_secret: Secret }),
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
  loadQuote: async () => (await import('./quote.ts')).quote,
  loadTypeNames: async () => (await import('./type-names.ts')).typeNames,
  connectionString: {
    schemes: ['databricks'],
    parse: async (text) => (await import('./connection-string.ts')).parse(text),
  },
  load: async () => (await import('./session.ts')).databricksSessionModule,
});
