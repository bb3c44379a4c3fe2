import { describe, expect, test } from '@jest/globals';
import { classifyBigqueryError as bigquery } from '../../shared/connectors/bigquery/failures.ts';
import { createRestRefusal } from '../../shared/connectors/http/rest-refusal.ts';
import { classifyDatabricksError as databricks } from '../../shared/connectors/databricks/failures.ts';
import { classifySnowflakeError as snowflake } from '../../shared/connectors/snowflake/failures.ts';
import { createSnowflakeRefusal } from '../../shared/connectors/snowflake/sanitize-answer.ts';
import { testFailures, type FailureRow } from './failure-rows.ts';

const snow = (code: string, sqlState?: string) =>
  createSnowflakeRefusal({ code, ...(sqlState !== undefined && { sqlState }) });

/** https://docs.snowflake.com/en/user-guide/security-mfa · https://docs.snowflake.com/en/user-guide/errors-saml */
const ofSnowflake: readonly FailureRow[] = [
  [
    '390100',
    snow('390100'),
    'authenticate',
    'authentication-failed',
    'credentials',
    /may exist in another account/,
  ],
  ['390101', snow('390101'), 'authenticate', 'account-locked', 'credentials', /DISABLED = FALSE/],
  ['390102', snow('390102'), 'authenticate', 'account-locked', 'credentials', /MINS_TO_UNLOCK/],
  ['390106', snow('390106'), 'authenticate', 'credentials-expired', 'credentials', /new one/],
  ['390114', snow('390114'), 'query', 'credentials-expired', 'credentials', /session policy/],
  [
    '390123',
    snow('390123'),
    'authenticate',
    'account-locked',
    'credentials',
    /second factor of the user is locked/,
  ],
  ['390127', snow('390127'), 'authenticate', 'authentication-failed', 'credentials', /TYPE = SERVICE/],
  [
    '390139',
    snow('390139'),
    'authenticate',
    'authentication-failed',
    'credentials',
    /AUTHENTICATION_METHODS/,
  ],
  ['390144', snow('390144'), 'authenticate', 'authentication-failed', 'credentials', /RSA_PUBLIC_KEY.*clock/],
  ['390189', snow('390189'), 'authenticate', 'permission-denied', 'permissions', /GRANT ROLE/],
  [
    '390201',
    snow('390201'),
    'authenticate',
    'permission-denied',
    'permissions',
    /may not use the database.*Grant USAGE/,
  ],
  [
    '390422',
    snow('390422'),
    'authenticate',
    'permission-denied',
    'permissions',
    /network policy of the account rejects/,
  ],
  ['390432', snow('390432'), 'authenticate', 'permission-denied', 'permissions', /NETWORK_POLICY/],
  ['000606', snow('000606', '57P03'), 'query', 'permission-denied', 'permissions', /USAGE ON WAREHOUSE/],
  ['090073', snow('090073', '22000'), 'query', 'server-error', 'server', /RESOURCE MONITOR/],
  ['000630', snow('000630', '57014'), 'query', 'timeout', 'network', /query_timeout_seconds/],
  [
    '002003',
    snow('002003', '02000'),
    'query',
    'permission-denied',
    'permissions',
    /requested object does not exist/,
  ],
  [
    'another of 42501',
    snow('003999', '42501'),
    'query',
    'permission-denied',
    'permissions',
    /^Grant the privileges that the step `privileges` lists/,
  ],
  ['HTTP 403', snow('403'), 'authenticate', 'host-not-found', 'network', /account does not exist/],
  ['HTTP 429', snow('429'), 'authenticate', 'too-many-connections', 'server', /throttling requests/],
  ['HTTP 502', snow('502'), 'authenticate', 'server-error', 'server', /status\.snowflake\.com/],
];

/** Creates errors as the driver throws them for an answer of the workspace's edge and of its engine. */
const edge = (statusCode: number, reason?: string) =>
  Object.assign(new Error('refused'), {
    statusCode,
    response: {
      headers: new Headers({
        'content-type': 'application/json',
        ...(reason !== undefined && { 'x-databricks-reason-phrase': reason }),
      }),
    },
  });
const engine = (sqlState: string, message = 'in its words') =>
  Object.assign(new Error(message), { response: { sqlState } });

/** https://docs.databricks.com/error-messages/sqlstates */
const ofDatabricks: readonly FailureRow[] = [
  ['401', edge(401), 'authenticate', 'authentication-failed', 'credentials', /token/],
  [
    '403 of a token',
    edge(403, 'Invalid access token.'),
    'authenticate',
    'authentication-failed',
    'credentials',
    /token/,
  ],
  [
    '403 of an address',
    edge(403, 'Source IP address: 192.0.2.1 is blocked by Databricks IP ACL'),
    'authenticate',
    'permission-denied',
    'permissions',
    /IP access list/,
  ],
  [
    '403 of a warehouse',
    edge(403, 'You do not have permission to use the SQL Warehouse.'),
    'authenticate',
    'permission-denied',
    'permissions',
    /CAN USE/,
  ],
  ['404', edge(404), 'authenticate', 'database-not-found', 'request', /http_path/],
  ['429', edge(429), 'query', 'server-error', 'server', /later/],
  ['500', edge(500), 'query', 'server-error', 'server', /status\.databricks\.com/],
  ['503', edge(503), 'authenticate', 'server-error', 'server', /starting/],
  [
    'invalid_client',
    createRestRefusal(401, 'invalid_client'),
    'authenticate',
    'authentication-failed',
    'credentials',
    /service principal/,
  ],
  ['42501', engine('42501'), 'query', 'permission-denied', 'permissions', /step `privileges`/],
  [
    '3D000',
    engine('3D000'),
    'query',
    'database-not-found',
    'request',
    /^Check config\.catalog and config\.schema/,
  ],
  ['57KD0', engine('57KD0'), 'query', 'timeout', 'network', /query_timeout_seconds/],
  ['UC_NOT_ENABLED', new Error('[UC_NOT_ENABLED] no'), 'query', 'server-error', 'server', /Unity Catalog/],
];

/** https://cloud.google.com/bigquery/docs/error-messages */
const ofBigquery: readonly FailureRow[] = [
  [
    'invalid_grant',
    createRestRefusal(400, 'invalid_grant'),
    'authenticate',
    'authentication-failed',
    'credentials',
    /deleted.*clock/,
  ],
  [
    'authError',
    createRestRefusal(401, 'authError'),
    'query',
    'authentication-failed',
    'credentials',
    /rejected the access token/,
  ],
  [
    'disabled_client',
    createRestRefusal(401, 'disabled_client'),
    'authenticate',
    'account-locked',
    'credentials',
    /is disabled\. Enable it/,
  ],
  [
    'accessDenied',
    createRestRefusal(403, 'accessDenied'),
    'query',
    'permission-denied',
    'permissions',
    /step `privileges`/,
  ],
  [
    'accessDenied with a grant',
    createRestRefusal(403, 'accessDenied', 'Grant roles/x.'),
    'query',
    'permission-denied',
    'permissions',
    /roles\/x/,
  ],
  [
    'accessNotConfigured',
    createRestRefusal(403, 'accessNotConfigured'),
    'query',
    'permission-denied',
    'permissions',
    /gcloud services enable/,
  ],
  [
    'VPC Service Controls',
    createRestRefusal(403, 'SECURITY_POLICY_VIOLATED', 'Grant roles/x.'),
    'query',
    'permission-denied',
    'permissions',
    /VPC Service Controls.*ingress rule/,
  ],
  [
    'USER_PROJECT_DENIED',
    createRestRefusal(403, 'USER_PROJECT_DENIED'),
    'query',
    'permission-denied',
    'permissions',
    /serviceUsageConsumer/,
  ],
  [
    'CONSUMER_INVALID',
    createRestRefusal(403, 'CONSUMER_INVALID'),
    'query',
    'permission-denied',
    'permissions',
    /suspended nor deleted/,
  ],
  [
    'ACCESS_TOKEN_EXPIRED',
    createRestRefusal(401, 'ACCESS_TOKEN_EXPIRED'),
    'query',
    'credentials-expired',
    'credentials',
    /Enable the service account/,
  ],
  [
    'rateLimitExceeded',
    createRestRefusal(403, 'rateLimitExceeded'),
    'query',
    'server-error',
    'server',
    /quota/,
  ],
  ['quotaExceeded', createRestRefusal(403, 'quotaExceeded'), 'query', 'server-error', 'server', /quota/],
  [
    'billingNotEnabled',
    createRestRefusal(403, 'billingNotEnabled'),
    'query',
    'server-error',
    'server',
    /billing/,
  ],
  ['notFound', createRestRefusal(404, 'notFound'), 'query', 'database-not-found', 'request', /location/],
  [
    'backendError',
    createRestRefusal(503, 'backendError'),
    'query',
    'server-error',
    'server',
    /status\.cloud/,
  ],
  [
    'responseTooLarge',
    createRestRefusal(403, 'responseTooLarge'),
    'query',
    'source-too-large',
    'server',
    /size or resource limit of BigQuery.*config\.datasets/,
  ],
];

describe('Snowflake', () => {
  testFailures(snowflake, ofSnowflake);
});
describe('Databricks', () => {
  testFailures(databricks, ofDatabricks);
});
describe('BigQuery', () => {
  testFailures(bigquery, ofBigquery);
});

test('an unknown code is reported as the native code', () => {
  expect(snowflake(snow('999999'))).toEqual({ code: 'server-error', native: '999999' });
});
