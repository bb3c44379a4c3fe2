import type { ProblemCode } from '../../problem.ts';
import type { Failure } from '../connector.ts';

/** What Google refused, by its own reason. Nothing of its text is kept: it repeats what it was sent. */
export const refusal = (status: number, reason: string | undefined, cure?: string): Error =>
  Object.assign(new Error('Google refused the request'), {
    code: reason ?? String(status),
    status,
    reason,
    cure,
  });

export const isRefusal = (error: unknown, ...reasons: readonly string[]): boolean =>
  reasons.includes(fieldsOf(error).reason ?? '');

/** Goes by Google's reason, and by the status where there is none: then something else than Google answered. */
export const failure = (error: unknown): Failure | undefined => {
  const { code, status, reason, cure } = fieldsOf(error);
  if (code?.startsWith('HPE_')) return { code: 'protocol-mismatch', native: code };
  if (status === undefined) return undefined;
  const known = reasons[reason ?? ''] ?? byStatus(status, reason);
  const remediation = known.cure ?? (known.code === 'permission-denied' ? cure : undefined);
  return { code: known.code, native: reason ?? String(status), ...(remediation && { remediation }) };
};

interface Said {
  readonly code: ProblemCode;
  readonly cure?: string;
}

const fieldsOf = (error: unknown) => {
  const { code, status, reason, cure }: Readonly<Record<string, unknown>> = Object(error);
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return {
    code: text(code),
    status: typeof status === 'number' ? status : undefined,
    reason: text(reason),
    cure: text(cure),
  };
};

const byStatus = (status: number, reason: string | undefined): Said =>
  reason !== undefined || status >= 500 || status === 429
    ? { code: 'server-error' }
    : { code: 'protocol-mismatch' };

const named = (code: ProblemCode, words: string, cure?: string): [string, Said][] =>
  words.split(' ').map((word) => [word, { code, ...(cure !== undefined && { cure }) }]);

/**
 * https://cloud.google.com/bigquery/docs/error-messages, https://cloud.google.com/apis/design/errors#error_model and, of the token
 * endpoint, https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
const reasons: Readonly<Record<string, Said>> = Object.assign(
  Object.create(null),
  Object.fromEntries([
    ...named(
      'authentication-failed',
      'invalid_grant',
      'Send the key file of a service account that exists, and a key of it that was not deleted.',
    ),
    ...named(
      'authentication-failed',
      'authError UNAUTHENTICATED required invalid_client unauthorized_client',
    ),
    ...named('account-locked', 'disabled_client', 'Enable the service account again.'),
    ...named('permission-denied', 'accessDenied forbidden PERMISSION_DENIED access_denied'),
    ...named(
      'permission-denied',
      'accessNotConfigured SERVICE_DISABLED',
      'Turn the API on: gcloud services enable bigquery.googleapis.com',
    ),
    ...named('database-not-found', 'notFound NOT_FOUND', 'Check project_id, location and datasets.'),
    ...named(
      'server-error',
      'bytesBilledLimitExceeded',
      'The catalog is larger than one query may bill (1 GiB): name the datasets that are needed in config.datasets.',
    ),
    ...named(
      'server-error',
      'quotaExceeded rateLimitExceeded jobRateLimitExceeded userRateLimitExceeded RESOURCE_EXHAUSTED RATE_LIMIT_EXCEEDED',
      'The project’s quota of BigQuery is used up for now: try again later or raise it.',
    ),
    ...named('server-error', 'billingNotEnabled BILLING_DISABLED', 'Turn billing on for the project.'),
    ...named(
      'timeout',
      'timeout stopped DEADLINE_EXCEEDED',
      'The query ran into its time limit: raise query_timeout_seconds, or narrow config.datasets.',
    ),
  ]),
);
