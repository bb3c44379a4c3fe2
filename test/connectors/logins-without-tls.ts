import type { ConnectorType } from '../../shared/connectors/registry.ts';
import { http } from '../recording/http.ts';
import { kafka } from '../recording/kafka.ts';
import { mongodb } from '../recording/mongodb.ts';
import { mysql } from '../recording/mysql.ts';
import { oracle } from '../recording/oracle.ts';
import type { Asks, Protocol } from '../recording/recorder.ts';
import * as services from '../recording/services.ts';
import { tds } from '../recording/tds.ts';
import { brokerAndRegistry, mysqlSwitchingTo, postgresAsking } from './servers-without-tls.ts';

type Fields = Readonly<Record<string, string>>;

/** One login of a connector, and a server without TLS that asks for its secret in exactly this way. */
export interface LoginWithoutTls {
  readonly type: ConnectorType;
  readonly login: string;
  readonly server: Protocol;
  readonly asks?: Asks;
  readonly secret?: string;
  readonly open?: Fields;
  readonly method?: string;
  readonly config?: (port: number) => Readonly<Record<string, unknown>>;
}

export const database = (port: number) => ({ host: 'localhost', port, database: 'shop', username: 'me' });
const bucket = (port: number) => ({
  bucket: 'shop',
  region: 'eu-west-1',
  access_key_id: 'me',
  endpoint: `http://localhost:${port}`,
});
export const brokers = (port: number) => ({ bootstrap_servers: `localhost:${port}` });
const aws = { access_key_id: 'me', region: 'eu-west-1', secret_access_key: 'obviously-fake' };
export const sasl = (mechanism: string) => ({ sasl_username: 'me', sasl_mechanism: mechanism });
const role = { role_arn: 'arn:aws:iam::123456789012:role/reader' };

export const rows: readonly LoginWithoutTls[] = [
  ...(['postgresql', 'redshift'] as const).flatMap((type): readonly LoginWithoutTls[] => [
    { type, login: 'none', server: postgresAsking('cleartext'), method: 'certificate' },
    { type, login: 'scram', server: postgresAsking('scram'), secret: 'password' },
    { type, login: 'weakScram', server: postgresAsking('scram', 1), secret: 'password' },
    { type, login: 'md5', server: postgresAsking('md5'), secret: 'password' },
    { type, login: 'cleartext', server: postgresAsking('cleartext'), secret: 'password' },
    {
      type,
      login: 'iam',
      server: postgresAsking('cleartext'),
      method: 'iam',
      secret: 'session_token',
      open: type === 'redshift' ? { ...aws, cluster_identifier: 'shop' } : aws,
    },
  ]),
  { type: 'mysql', login: 'scramble', server: mysql, asks: 'challenge', secret: 'password' },
  { type: 'mysql', login: 'full', server: mysql, asks: 'key', secret: 'password' },
  { type: 'mysql', login: 'sha256', server: mysqlSwitchingTo('sha256_password'), secret: 'password' },
  { type: 'mysql', login: 'cleartext', server: mysqlSwitchingTo('mysql_clear_password'), secret: 'password' },
  { type: 'sqlserver', login: 'password', server: tds, secret: 'password' },
  {
    type: 'sqlserver',
    login: 'entra',
    server: tds,
    method: 'entra',
    secret: 'client_secret',
    open: { tenant_id: 'example.test', client_id: '00000000-0000-0000-0000-000000000000' },
  },
  {
    type: 'oracle',
    login: 'password',
    server: oracle,
    secret: 'password',
    config: (port) => ({ host: 'localhost', port, service_name: 'shop', username: 'me' }),
  },
  ...(['challenge', 'clear'] as const).map((asks): LoginWithoutTls => ({
    type: 'mongodb',
    login: 'scram',
    server: mongodb,
    asks,
    secret: 'password',
    config: (port) => ({ host: 'localhost', port, username: 'me', auth_source: 'admin' }),
  })),
  {
    type: 'mongodb',
    login: 'x509',
    server: mongodb,
    method: 'certificate',
    config: (port) => ({ host: 'localhost', port, username: 'me', auth_source: 'admin' }),
  },
  { type: 'kafka', login: 'none', server: kafka, method: 'none', config: brokers },
  {
    type: 'kafka',
    login: 'plain',
    server: kafka,
    method: 'sasl',
    secret: 'sasl_password',
    open: sasl('PLAIN'),
    config: brokers,
  },
  ...(['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const).map((mechanism): LoginWithoutTls => ({
    type: 'kafka',
    login: 'scram',
    server: kafka,
    method: 'sasl',
    secret: 'sasl_password',
    open: sasl(mechanism),
    config: brokers,
  })),
  {
    type: 'kafka',
    login: 'registry',
    server: brokerAndRegistry,
    method: 'none',
    secret: 'schema_registry_password',
    config: (port) => ({
      ...brokers(port),
      schema_registry_url: `http://localhost:${port}`,
      schema_registry_username: 'me',
    }),
  },
  {
    type: 's3',
    login: 'signature',
    server: http(services.s3),
    method: 'access_key',
    secret: 'secret_access_key',
    config: bucket,
  },
  {
    type: 's3',
    login: 'sessionToken',
    server: http(services.s3),
    method: 'access_key',
    secret: 'session_token',
    open: { secret_access_key: 'obviously-fake' },
    config: bucket,
  },
  {
    type: 's3',
    login: 'role',
    server: http(services.s3),
    method: 'role',
    secret: 'secret_access_key',
    open: role,
    config: bucket,
  },
  ...(['password', 'private_key', 'token'] as const).map((secret): LoginWithoutTls => ({
    type: 'snowflake',
    login: secret === 'private_key' ? 'key_pair' : secret,
    method: secret === 'private_key' ? 'key_pair' : secret,
    server: http(services.snowflake),
    secret,
    config: () => ({ account: 'myorg-one', username: 'me', schema: 'PUBLIC' }),
  })),
  {
    type: 'bigquery',
    login: 'service_account',
    server: http(services.bigquery),
    method: 'service_account',
    secret: 'service_account',
    config: () => ({ project_id: 'project-one' }),
  },
  ...(['token', 'client_secret'] as const).map((secret): LoginWithoutTls => ({
    type: 'databricks',
    login: secret === 'token' ? 'token' : 'oauth',
    method: secret === 'token' ? 'token' : 'oauth',
    server: http(services.databricks),
    secret,
    ...(secret === 'client_secret' && { open: { client_id: 'me' } }),
    config: () => ({ host: 'dbc-one.cloud.databricks.com', http_path: '/sql/1.0/warehouses/one' }),
  })),
];
