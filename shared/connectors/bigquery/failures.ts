import type { SourceFailure } from '../connector.ts';
import { createFailureTable, readErrorFields } from '../failure-table.ts';
import { oauthMeanings } from '../http/oauth-meanings.ts';
import { classifyRestRefusal, isRestRefusal } from '../http/rest-refusal.ts';
import { isTransientStatus } from '../reading/retry.ts';

/**
 * Whether a retry in a moment may succeed. A quota of requests is refused with 403, too.
 * https://cloud.google.com/bigquery/docs/error-messages#errortable
 */
export const isTransientGoogleError = (error: unknown): boolean => {
  const { status } = readErrorFields(error);
  return (
    typeof status === 'number' &&
    !isRestRefusal(error, 'bytesBilledLimitExceeded', 'billingNotEnabled', 'stopped', 'timeout') &&
    (isTransientStatus(status) || isRestRefusal(error, 'rateLimitExceeded', 'jobRateLimitExceeded'))
  );
};

export const classifyBigqueryError = (error: unknown): SourceFailure | undefined =>
  classifyRestRefusal(error, googleFailuresByReason);

/**
 * https://cloud.google.com/bigquery/docs/error-messages, https://cloud.google.com/apis/design/errors#error_model
 */
const googleFailuresByReason = createFailureTable({
  ...oauthMeanings,
  invalid_grant: [
    'authentication-failed',
    'Send the key file of a service account that exists, with a key that was not deleted. Google reports the same error if the clock of Mooring is wrong by several minutes.',
  ],
  'authError UNAUTHENTICATED required': [
    'authentication-failed',
    'Google rejected the access token. Send the credentials again.',
  ],
  'ACCESS_TOKEN_EXPIRED ACCOUNT_STATE_INVALID': [
    'credentials-expired',
    'The access token has expired, or its account is disabled. Enable the service account, and try again.',
  ],
  // https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
  'SECURITY_POLICY_VIOLATED LOCATION_POLICY_VIOLATED ORG_RESTRICTION_VIOLATION': [
    'permission-denied',
    'A policy of the organisation (VPC Service Controls) rejects the request. Add an ingress rule for the service account, or an access level with the addresses in `vantage`.',
  ],
  USER_PROJECT_DENIED: [
    'permission-denied',
    'Allow the service account to use the project: grant it roles/serviceusage.serviceUsageConsumer on the project.',
  ],
  'CONSUMER_INVALID CONSUMER_SUSPENDED': [
    'permission-denied',
    'Google does not allow this project to use its APIs. Check config.project_id, and check that the project is neither suspended nor deleted.',
  ],
  disabled_client: ['account-locked', 'The service account is disabled. Enable it.'],
  'accessDenied forbidden PERMISSION_DENIED access_denied': ['permission-denied'],
  'accessNotConfigured SERVICE_DISABLED': [
    'permission-denied',
    'Enable the BigQuery API for the project: gcloud services enable bigquery.googleapis.com',
  ],
  'notFound NOT_FOUND': [
    'database-not-found',
    'Check config.project_id, config.location and config.datasets.',
  ],
  'backendError internalError INTERNAL UNAVAILABLE temporarily_unavailable': [
    'server-error',
    'Google reported an internal error. Try again in a minute, and check status.cloud.google.com.',
  ],
  'responseTooLarge resourcesExceeded': [
    'source-too-large',
    'The query exceeded a size or resource limit of BigQuery. List only the datasets that you need in config.datasets.',
  ],
  bytesBilledLimitExceeded: [
    'server-error',
    'A query for the catalog would bill more than Mooring’s limit of 1 GiB. List only the datasets that you need in config.datasets.',
  ],
  'quotaExceeded rateLimitExceeded jobRateLimitExceeded userRateLimitExceeded RESOURCE_EXHAUSTED RATE_LIMIT_EXCEEDED':
    ['server-error', 'The BigQuery quota of the project is used up. Try again later, or raise the quota.'],
  'billingNotEnabled BILLING_DISABLED': ['server-error', 'Enable billing for the project.'],
  'timeout stopped DEADLINE_EXCEEDED': [
    'timeout',
    'The query exceeded its time limit. Raise query_timeout_seconds, or narrow config.datasets.',
  ],
});
