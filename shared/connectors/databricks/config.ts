import * as v from 'valibot';
import { NameField, SecretField } from '../input/fields.ts';
import type { ConnectorTarget } from '../connector.ts';

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

export const databricksConfig = v.strictObject({
  host: DatabricksHost,
  http_path: DatabricksHttpPath,
  catalog: v.exactOptional(NameField),
  schema: v.exactOptional(NameField),
});

export const databricksCredentials = {
  token: v.strictObject({ token: SecretField }),
  oauth: v.strictObject({ client_id: NameField, client_secret: SecretField }),
};

export type DatabricksTarget = ConnectorTarget<typeof databricksConfig, typeof databricksCredentials>;
