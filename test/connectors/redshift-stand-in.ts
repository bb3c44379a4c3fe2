import type { ServerResponse } from 'node:http';
import { resolveDraftTarget } from '../../shared/domain/credentials/resolve-target.ts';
import { runSourceTest } from '../../shared/connectors/run-source-test.ts';
import { createLog } from '../../shared/log.ts';
import { pem } from '../network/servers.ts';
import type { RecordedAwsRequest } from './aws-api.ts';
import { createRedshiftDatabase } from './redshift-database.ts';

export const keys = { access_key_id: 'AKIAOBVIOUSLYFAKE', secret_access_key: 'obviously-fake-key' };
/** Contains the characters that XML and URLs escape. */
export const password = 'made-up-&-<temporary>"=+/';

export const cluster = 'shop.abc123xyz789.eu-west-1.redshift.amazonaws.com';
export const workgroup = 'shop.123456789012.eu-west-1.redshift-serverless.amazonaws.com';

/**
 * A PostgreSQL that stands in for Redshift. It has one user, whose password is the one that the stand-in AWS
 * API returns.
 */
export const createRedshiftStandIn = (engine: Readonly<Record<string, string>>) => {
  const { admin, database, inside, start, stop } = createRedshiftDatabase(engine, 'iam');
  const { port } = admin;
  const reader = `reader_of_${database}`;
  return {
    port,
    database,
    reader,
    start: () => start(`create role "IAM:${reader}" login password '${password}'`),
    stop: async () => {
      {
        await using client = await inside();
        await client.query(`drop role "IAM:${reader}"`);
      }
      await stop();
    },
    /** Tests the connection. Every name resolves to the loopback address. */
    tried: (given: Given) => triedAt({ port, database, username: reader, ...given }),
    /** Answers like either of the two APIs. */
    handsOut:
      (name = `IAM:${reader}`) =>
      ({ headers }: RecordedAwsRequest, response: ServerResponse) => {
        if (headers['x-amz-target'] === undefined) response.end(xml(name));
        else response.end(JSON.stringify({ dbUser: name, dbPassword: password, expiration: 1.8e9 }));
      },
  };
};

interface Given {
  /** Replaces both AWS APIs. */
  readonly endpoint?: string;
  readonly endpoints?: Readonly<Record<string, string>>;
  readonly host?: string;
  readonly credentials?: Readonly<Record<string, string>>;
  readonly username?: string;
  readonly mode?: 'require' | 'prefer';
  readonly deny?: string[];
  readonly port?: number;
}

/** The credentials of a draft are in no vault. */
const unread = {
  tags: () => Promise.reject(new Error('expected no look into the vault')),
  readShared: () => Promise.reject(new Error('expected no look into the vault')),
};

const triedAt = async ({
  endpoint,
  endpoints = endpoint === undefined ? {} : { redshift: endpoint, 'redshift-serverless': endpoint },
  host = cluster,
  credentials = keys,
  mode = 'require',
  deny,
  ...config
}: Given & { readonly port: number; readonly database: string; readonly username: string }) => {
  const log = createLog({}, () => {});
  const policy = {
    loopback: true,
    ...(deny && { deny }),
    endpoints,
  };
  const aim = await resolveDraftTarget(
    { policy, log, vault: unread },
    { org: 'org', environment: 'default' },
    {
      type: 'redshift',
      config: { host, ...config },
      options: { ...defaults, ssl_mode: mode, connection_timeout_seconds: 1 },
      ssl: { ca: pem('ca.crt'), cert: null },
      role: 'source',
      credentials: { auth_method: 'iam', ...credentials },
      secret_arn: null,
    },
  );
  const names: string[] = [];
  const resolve = async (name: string) => {
    names.push(name);
    return ['127.0.0.1'];
  };
  const { status, details, steps } = await runSourceTest(aim.connector, aim.target, {
    ...aim.options,
    resolve,
  });
  return { status, details, failed: steps.find((step) => step.status === 'failed'), steps, names, log };
};

const defaults = { query_timeout_seconds: 10, max_connections: 2, test_interval_minutes: 0 } as const;

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The answer of GetClusterCredentials. */
export const xml = (name: string) =>
  `<GetClusterCredentialsResponse xmlns="http://redshift.amazonaws.com/doc/2012-12-01/"><GetClusterCredentialsResult><DbUser>${name}</DbUser><DbPassword>${escaped(password)}</DbPassword><Expiration>2030-01-01T00:00:00Z</Expiration></GetClusterCredentialsResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetClusterCredentialsResponse>`;
