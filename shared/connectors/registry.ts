import { bigquery } from './bigquery/connector.ts';
import { clickhouse } from './clickhouse/connector.ts';
import type { Connector } from './connector.ts';
import { mongodb } from './mongodb/connector.ts';
import { databricks } from './databricks/connector.ts';
import { kafka } from './kafka/connector.ts';
import { mysql } from './mysql/connector.ts';
import { oracle } from './oracle/connector.ts';
import { postgresql } from './postgresql/connector.ts';
import { redshift } from './redshift/connector.ts';
import { s3 } from './s3/connector.ts';
import { sqlserver } from './sqlserver/connector.ts';
import { snowflake } from './snowflake/connector.ts';

/** Every connector, by the `type` of a stored connection. */
export const connectors = {
  postgresql,
  redshift,
  mysql,
  s3,
  bigquery,
  sqlserver,
  snowflake,
  mongodb,
  kafka,
  oracle,
  databricks,
  clickhouse,
} as const satisfies Record<string, Connector>;

export type ConnectorType = keyof typeof connectors;
