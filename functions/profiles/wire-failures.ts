import * as v from 'valibot';
import { connectorOf } from '../../shared/domain/assemble.ts';
import { Step, type TestResult } from '../../shared/domain/test-result.ts';
import { notConnected } from '../../shared/domain/verify.ts';
import { Usage } from '../../shared/domain/usages.ts';
import type { FailureAnswer } from '../../shared/http/api.ts';
import {
  type Complaint,
  type Problem,
  type ProblemCode,
  problemCodes,
  problems,
} from '../../shared/problem.ts';

/** The body of every failure. Which `details` it has depends on `code`. */
export const Failure = v.object({
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
      step: v.exactOptional(Step.entries.step),
      remediation: v.exactOptional(v.string()),
      native_code: v.exactOptional(v.string()),
    }),
  }),
});

/** Creates the problem of a failed test. Its detail names the kind of source. */
export const failedTest = (type: string, result: TestResult): Problem => {
  const { error = '', code } = result.details;
  const failed = result.steps.find(({ status }) => status === 'failed');
  const isPlain = plainRefusals[type]?.has(failed?.native_code ?? '') ?? false;
  const cure = isPlain ? refusal.cure : failed?.remediation;
  const reason = code === 'authentication-failed' ? refused(error, cure) : error;
  const details = { ...result.details, error: `${cannotConnect(type)}${between}${reason}` };
  return notConnected({ ...result, details });
};

/** Keeps the source's error if the remediation is a specific one: the credentials may then be correct. */
const refused = (error: string, cure: string | undefined = refusal.cure) =>
  `Authentication failed: ${cure === refusal.cure ? 'Invalid credentials' : error}`;

const refusal = problems['authentication-failed'];

/** By connector type: native codes that only mean a wrong name or secret, although their remediation is a specific one. */
const plainRefusals: Readonly<Record<string, ReadonlySet<string>>> = {
  bigquery: new Set(['authError', 'UNAUTHENTICATED', 'required', 'invalid_client', 'unauthorized_client']),
  kafka: new Set(['58']),
  oracle: new Set(['ORA-01005', 'ORA-01017']),
  s3: new Set(['UnrecognizedClientException', 'IncompleteSignature', 'InvalidSecurity', 'NotSignedUp']),
  snowflake: new Set(['390100', '401']),
  sqlserver: new Set(['18450', '18456', '33134']),
};

const cannotConnect = (type: string) => `Failed to connect to ${connectorOf(type).title}${kinds[type] ?? ''}`;

/** Nouns that follow the connector's title, if the title is the name of a product. */
const kinds: Readonly<Record<string, string>> = {
  kafka: ' cluster',
  mysql: ' server',
  postgresql: ' server',
  mongodb: ' server',
};

const between = ': ';

/** Renders a failure of the source as CONNECTION_FAILED. A problem without a code in this API keeps Mooring's own. */
export const failure = (problem: Problem, clean: (text: string) => string): FailureAnswer => {
  const { code, extras, message } = problem;
  const { status } = problems[code];
  const isTest = extras.steps !== undefined || status === 502 || status === 504;
  if (isTest) return { status: 422, body: connectionFailed(problem, clean) };
  const { status: own = status } = extras;
  const said = words[code] ?? [code.toUpperCase().replaceAll('-', '_'), problems[code].title];
  if (said[0] === 'VALIDATION_ERROR') return { status: own, body: invalid(problem) };
  const { usages } = extras;
  const details = { reason: clean(message), ...(usages && { usages }) };
  return { status: own, body: bodyOf(said[0], said[1], details) };
};

const bodyOf = (code: string, message: string, details: object) => ({ error: { code, message, details } });

const connectionFailed = ({ code, message, extras }: Problem, clean: (text: string) => string) => {
  const at = message.indexOf(between);
  const named = message.startsWith('Failed to connect to ') && at > 0;
  const failed = extras.steps?.find((step) => 'status' in step && step.status === 'failed');
  const step = failed && 'step' in failed ? failed.step : extras.step;
  return bodyOf('CONNECTION_FAILED', named ? message.slice(0, at) : 'Failed to connect', {
    reason: clean(named ? message.slice(at + between.length) : message),
    code,
    ...(step !== undefined && { step }),
    remediation: inFields(extras.remediation ?? problems[code].cure),
    ...(extras.native_code !== undefined && { native_code: extras.native_code }),
  });
};

/** Renders field errors without `clean`: names are checked before, and expectations never contain input. */
const invalid = ({ code, extras, message }: Problem) => {
  const complaints = extras.errors ?? [{ path: code === 'invalid-cursor' ? 'cursor' : '', expected: '' }];
  const fields = complaints.map((complaint) => ({
    field: extras.place ? complaint.path || extras.place : fieldOf(complaint, code),
    reason: complaint.expected === '' ? message : `expected ${inFields(complaint.expected)}`,
  }));
  const sentence = fields
    .slice(0, 5)
    .map(({ field, reason }) => `${field}: ${reason}`)
    .join('; ');
  return bodyOf('VALIDATION_ERROR', sentence, { fields });
};

/** Converts a path of the domain to this API's: all fields of a connector are in `config`. */
const fieldOf = ({ path }: Complaint, code: ProblemCode): string => {
  if (path === 'type' && code === 'unknown-connector') return 'connector';
  return path.replace(/^(credentials|options)(?=\.|$)/, 'config').replace(/^ssl\./, 'config.ssl_');
};

/** Replaces the domain's field names in a sentence with this API's. */
const inFields = (sentence: string) =>
  sentence
    .replaceAll(/\bssl\.(?=(ca|cert|key)\b)/g, 'ssl_')
    .replaceAll(/\bcredentials\.(?=[a-z])/g, 'config.');

const invalidRequest = ['VALIDATION_ERROR', ''] as const;

const words: { readonly [C in ProblemCode]?: readonly [code: string, message: string] } = {
  'invalid-request': invalidRequest,
  'invalid-cursor': invalidRequest,
  'unknown-connector': invalidRequest,
  'credentials-required': invalidRequest,
  unauthenticated: ['UNAUTHORIZED', 'Who is calling is not known'],
  'not-found': ['NOT_FOUND', 'Connection profile not found'],
  'name-taken': ['CONFLICT', 'A connection profile of this name exists already'],
  'in-use': ['CONFLICT', 'Connection profile is in use by connection tables'],
  'quota-exceeded': ['RATE_LIMITED', 'Too many requests of this kind'],
  internal: ['INTERNAL_ERROR', 'Something went wrong'],
  unavailable: ['SERVICE_UNAVAILABLE', 'The service is not available right now'],
};
