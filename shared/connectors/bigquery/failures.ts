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
    'Send the key file of a service account that exists, and a key of it that was not deleted. Google says the same where Mooring’s clock is wrong by minutes.',
  ],
  'authError UNAUTHENTICATED required': [
    'authentication-failed',
    'Send the credentials again: the token was refused.',
  ],
  'ACCESS_TOKEN_EXPIRED ACCOUNT_STATE_INVALID': [
    'credentials-expired',
    'The token has expired, or its account is disabled: enable the service account, and try again.',
  ],
  // https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
  'SECURITY_POLICY_VIOLATED LOCATION_POLICY_VIOLATED ORG_RESTRICTION_VIOLATION': [
    'permission-denied',
    'A policy of the organisation refuses (VPC Service Controls): add an ingress rule for the service account, or an access level with the addresses that `vantage` names.',
  ],
  USER_PROJECT_DENIED: [
    'permission-denied',
    'Let the service account use the project: grant it roles/serviceusage.serviceUsageConsumer there.',
  ],
  'CONSUMER_INVALID CONSUMER_SUSPENDED': [
    'permission-denied',
    'Google does not let the project use its APIs: check project_id, and that the project is neither suspended nor deleted.',
  ],
  disabled_client: ['account-locked', 'Enable the service account again.'],
  'accessDenied forbidden PERMISSION_DENIED access_denied': ['permission-denied'],
  'accessNotConfigured SERVICE_DISABLED': [
    'permission-denied',
    'Turn the API on: gcloud services enable bigquery.googleapis.com',
  ],
  'notFound NOT_FOUND': ['database-not-found', 'Check project_id, location and datasets.'],
  'backendError internalError INTERNAL UNAVAILABLE temporarily_unavailable': [
    'server-error',
    'Google failed for now: try again in a minute, and see status.cloud.google.com.',
  ],
  'responseTooLarge resourcesExceeded': [
    'source-too-large',
    'The answer is more than BigQuery hands out: name the datasets that are needed in config.datasets.',
  ],
  bytesBilledLimitExceeded: [
    'server-error',
    'The catalog is larger than one query may bill (1 GiB): name the datasets that are needed in config.datasets.',
  ],
  'quotaExceeded rateLimitExceeded jobRateLimitExceeded userRateLimitExceeded RESOURCE_EXHAUSTED RATE_LIMIT_EXCEEDED':
    ['server-error', 'The project’s quota of BigQuery is used up for now: try again later or raise it.'],
  'billingNotEnabled BILLING_DISABLED': ['server-error', 'Turn billing on for the project.'],
  'timeout stopped DEADLINE_EXCEEDED': [
    'timeout',
    'The query ran into its time limit: raise query_timeout_seconds, or narrow config.datasets.',
  ],
});
