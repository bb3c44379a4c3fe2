import type { SourceFailure } from '../connector.ts';
import {
  permissionDenied,
  toSourceFailure,
  createFailureTable,
  readErrorFields,
  toTextOrEmpty,
} from '../failure-table.ts';
import { isTransientStatus } from '../reading/retry.ts';

/** Creates an error for a refusal of Google, by Google's reason. Keeps nothing of the message, which repeats what was sent. */
export const createGoogleRefusal = (status: number, reason: string | undefined, cure?: string): Error =>
  Object.assign(new Error('Google refused the request'), {
    code: reason ?? String(status),
    status,
    reason,
    cure,
  });

export const isGoogleRefusal = (error: unknown, ...expected: readonly string[]): boolean =>
  expected.includes(toTextOrEmpty(readErrorFields(error)['reason']));

/**
 * Whether a retry in a moment may succeed. A quota of requests is refused with 403, too.
 * https://cloud.google.com/bigquery/docs/error-messages#errortable
 */
export const isTransientGoogleError = (error: unknown): boolean => {
  const { status } = readErrorFields(error);
  return (
    typeof status === 'number' &&
    !isGoogleRefusal(error, 'bytesBilledLimitExceeded', 'billingNotEnabled', 'stopped', 'timeout') &&
    (isTransientStatus(status) || isGoogleRefusal(error, 'rateLimitExceeded', 'jobRateLimitExceeded'))
  );
};

/** Classifies by Google's reason, or else by the status: an answer without a reason usually does not come from Google. */
export const classifyBigqueryError = (error: unknown): SourceFailure | undefined => {
  const { status, reason, cure } = readErrorFields(error);
  if (typeof status !== 'number') return undefined;
  const native = typeof reason === 'string' ? reason : undefined;
  const isGoogleAnswer = native !== undefined || status >= 500 || status === 429;
  const [code, known] = googleFailuresByReason.get(native ?? '') ?? [
    isGoogleAnswer ? 'server-error' : 'protocol-mismatch',
  ];
  const needed = typeof cure === 'string' ? cure : permissionDenied[1];
  const grant = code === 'permission-denied' ? needed : undefined;
  return toSourceFailure([code, known ?? grant], native ?? String(status));
};

/**
 * https://cloud.google.com/bigquery/docs/error-messages, https://cloud.google.com/apis/design/errors#error_model and, for the token
 * endpoint, https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
const googleFailuresByReason = createFailureTable({
  invalid_grant: [
    'authentication-failed',
    'Send the key file of a service account that exists, and a key of it that was not deleted. Google says the same where Mooring’s clock is wrong by minutes.',
  ],
  'authError UNAUTHENTICATED required': [
    'authentication-failed',
    'Send the credentials again: the token was refused.',
  ],
  'invalid_client unauthorized_client invalid_request invalid_scope': [
    'authentication-failed',
    'Check the id of the application or service principal, and send a secret of it that is valid.',
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
