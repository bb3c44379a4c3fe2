import type { ConnectorType } from '../../../shared/connectors/registry.ts';
import { http } from '../../recording/http.ts';
import { kafka } from '../../recording/kafka.ts';
import { mongodb } from '../../recording/mongodb.ts';
import { mysql } from '../../recording/mysql.ts';
import { oracle } from '../../recording/oracle.ts';
import { postgresql } from '../../recording/postgresql.ts';
import type { Protocol } from '../../recording/recorder.ts';
import * as services from '../../recording/services.ts';
import { tds } from '../../recording/tds.ts';

/** The servers that stand for the sources of a connector. */
export interface Stand {
  /** Dialled at the address that the connection names. */
  readonly own?: Protocol;
  readonly registry?: Protocol;
  /** Dialled at the address that the deployment sets for these names in `endpoints` of its egress policy. */
  readonly deployment?: { readonly protocol: Protocol; readonly names: readonly string[] };
}

/** Every connector must be listed. Secrets of a missing one would not be watched. */
export const connectorServers: Readonly<Record<ConnectorType, Stand>> = {
  postgresql: { own: postgresql },
  redshift: {
    own: postgresql,
    deployment: { protocol: http(services.redshiftApi), names: ['redshift', 'redshift-serverless'] },
  },
  mysql: { own: mysql },
  sqlserver: { own: tds },
  mongodb: { own: mongodb },
  oracle: { own: oracle },
  kafka: { own: kafka, registry: http(services.schemaRegistry) },
  s3: { own: http(services.s3) },
  snowflake: { deployment: { protocol: http(services.snowflake), names: ['snowflake'] } },
  bigquery: { deployment: { protocol: http(services.bigquery), names: ['bigquery'] } },
  databricks: { deployment: { protocol: http(services.databricks), names: ['databricks'] } },
};
