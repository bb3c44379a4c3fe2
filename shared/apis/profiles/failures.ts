import * as v from 'valibot';
import { resolveConnector } from '../../domain/connections/parse-connection-input.ts';
import { TestStep, type TestResult } from '../../domain/testing/test-result.ts';
import { createNotConnectedProblem } from '../../domain/testing/verify-draft.ts';
import { Usage } from '../../domain/usages/usages.ts';
import type { FailureAnswer } from '../../http/wire-format.ts';
import { type FieldError, type Problem, type ProblemCode, problemCodes, problems } from '../../problem.ts';
import { publishedProblems } from '../published-problems.ts';
import { restorePublishedText } from '../published-texts.ts';

/** The body of every failure. Which `details` it has depends on `code`. */
export const ProfileFailure = v.object({
  error: v.object({
    code: v.pipe(v.string(), v.regex(/^[A-Z_]+$/)),
    message: v.string(),
    details: v.object({
      reason: v.exactOptional(v.string()),
      /** VALIDATION_ERROR: the wrong fields and the reasons. */
      fields: v.exactOptional(v.array(v.object({ field: v.string(), reason: v.string() }))),
      /** CONFLICT: the usages of the profile. */
      usages: v.exactOptional(v.array(Usage)),
      /** CONNECTION_FAILED: Mooring's own problem code, the step that failed, and the remediation. */
      code: v.exactOptional(v.picklist(problemCodes)),
      step: v.exactOptional(TestStep.entries.step),
      remediation: v.exactOptional(v.string()),
      native_code: v.exactOptional(v.string()),
    }),
  }),
});

/** Creates the problem of a failed test. Its detail names the kind of source. */
export const createProfileTestProblem = (type: string, result: TestResult): Problem => {
  const { code = 'server-error' } = result.details;
  const error = restorePublishedText(result.details.error ?? '', code);
  const failed = result.steps.find(({ status }) => status === 'failed');
  const isInvalidCredentials = invalidCredentialsCodes[type]?.has(failed?.native_code ?? '') ?? false;
  const remediation = isInvalidCredentials ? authenticationProblem.remediation : failed?.remediation;
  const reason = code === 'authentication-failed' ? renderAuthenticationReason(error, remediation) : error;
  const details = { ...result.details, error: `${renderConnectSummary(type)}${REASON_SEPARATOR}${reason}` };
  return createNotConnectedProblem({ ...result, details });
};

/** Keeps the source's error if the remediation is a specific one: the credentials may then be correct. */
const renderAuthenticationReason = (
  error: string,
  remediation: string | undefined = authenticationProblem.remediation,
) =>
  `Authentication failed: ${remediation === authenticationProblem.remediation ? 'Invalid credentials' : error}`;

const authenticationProblem = problems['authentication-failed'];

/** By connector type: native codes that only mean a wrong name or secret, although their remediation is a specific one. */
const invalidCredentialsCodes: Readonly<Record<string, ReadonlySet<string>>> = {
  bigquery: new Set(['authError', 'UNAUTHENTICATED', 'required', 'invalid_client', 'unauthorized_client']),
  kafka: new Set(['58']),
  oracle: new Set(['ORA-01005', 'ORA-01017']),
  s3: new Set(['UnrecognizedClientException', 'IncompleteSignature', 'InvalidSecurity', 'NotSignedUp']),
  snowflake: new Set(['390100', '401']),
  sqlserver: new Set(['18450', '18456', '33134']),
};

const renderConnectSummary = (type: string) =>
  `Failed to connect to ${resolveConnector(type).title}${connectorNouns[type] ?? ''}`;

/** Nouns that follow the connector's title, if the title is the name of a product. */
const connectorNouns: Readonly<Record<string, string>> = {
  kafka: ' cluster',
  mysql: ' server',
  postgresql: ' server',
  mongodb: ' server',
};

const REASON_SEPARATOR = ': ';

/** Renders a failure of the source as CONNECTION_FAILED. A problem without a code in this API keeps Mooring's own. */
export const renderProfileFailure = (problem: Problem, clean: (text: string) => string): FailureAnswer => {
  const { code, extras, message } = problem;
  const { status } = problems[code];
  const isTest = extras.steps !== undefined || status === 502 || status === 504;
  if (isTest) return { status: 422, body: renderConnectionFailure(problem, clean) };
  const { status: answerStatus = status } = extras;
  const profileError = profileErrors[code] ?? [
    code.toUpperCase().replaceAll('-', '_'),
    publishedProblems[code].title,
  ];
  if (profileError[0] === 'VALIDATION_ERROR')
    return { status: answerStatus, body: renderValidationFailure(problem) };
  const { usages } = extras;
  const details = { reason: clean(message), ...(usages && { usages }) };
  return { status: answerStatus, body: toProfileFailure(profileError[0], profileError[1], details) };
};

const toProfileFailure = (code: string, message: string, details: object) => ({
  error: { code, message, details },
});

const renderConnectionFailure = ({ code, message, extras }: Problem, clean: (text: string) => string) => {
  const at = message.indexOf(REASON_SEPARATOR);
  const hasSummary = message.startsWith('Failed to connect to ') && at > 0;
  const failed = extras.steps?.find((step) => 'status' in step && step.status === 'failed');
  const step = failed && 'step' in failed ? failed.step : extras.step;
  return toProfileFailure('CONNECTION_FAILED', hasSummary ? message.slice(0, at) : 'Failed to connect', {
    reason: clean(hasSummary ? message.slice(at + REASON_SEPARATOR.length) : message),
    code,
    ...(step !== undefined && { step }),
    remediation: replaceFieldNames(extras.remediation ?? publishedProblems[code].remediation),
    ...(extras.native_code !== undefined && { native_code: extras.native_code }),
  });
};

/** Renders field errors without `clean`: names are checked before, and expectations never contain input. */
const renderValidationFailure = ({ code, extras, message }: Problem) => {
  const fieldErrors = extras.errors ?? [{ path: code === 'invalid-cursor' ? 'cursor' : '', expected: '' }];
  const fields = fieldErrors.map((fieldError) => ({
    field: extras.requestPart ? fieldError.path || extras.requestPart : toProfileField(fieldError, code),
    reason: fieldError.expected === '' ? message : `expected ${replaceFieldNames(fieldError.expected)}`,
  }));
  const sentence = fields
    .slice(0, 5)
    .map(({ field, reason }) => `${field}: ${reason}`)
    .join('; ');
  return toProfileFailure('VALIDATION_ERROR', sentence, { fields });
};

/** Converts a path of the domain to this API's: all fields of a connector are in `config`. */
const toProfileField = ({ path }: FieldError, code: ProblemCode): string => {
  if (path === 'type' && code === 'unknown-connector') return 'connector';
  return path.replace(/^(credentials|options)(?=\.|$)/, 'config').replace(/^ssl\./, 'config.ssl_');
};

/** Replaces the domain's field names in a sentence with this API's. */
const replaceFieldNames = (sentence: string) =>
  sentence
    .replaceAll(/\bssl\.(?=(ca|cert|key)\b)/g, 'ssl_')
    .replaceAll(/\bcredentials\.(?=[a-z])/g, 'config.');

const profileValidationError = ['VALIDATION_ERROR', ''] as const;

const profileErrors: { readonly [C in ProblemCode]?: readonly [code: string, message: string] } = {
  'invalid-request': profileValidationError,
  'invalid-cursor': profileValidationError,
  'unknown-connector': profileValidationError,
  'credentials-required': profileValidationError,
  unauthenticated: ['UNAUTHORIZED', 'Who is calling is not known'],
  'not-found': ['NOT_FOUND', 'Connection profile not found'],
  'name-taken': ['CONFLICT', 'A connection profile of this name exists already'],
  'in-use': ['CONFLICT', 'Connection profile is in use by connection tables'],
  'quota-exceeded': ['RATE_LIMITED', 'Too many requests of this kind'],
  internal: ['INTERNAL_ERROR', 'Something went wrong'],
  unavailable: ['SERVICE_UNAVAILABLE', 'The service is not available right now'],
};
