import * as v from 'valibot';
import type { FailureAnswer } from '../../http/wire-format.ts';
import { type FieldError, type Problem, type ProblemCode, problems } from '../../problem.ts';

export const RegistrationErrorDetail = v.object({
  code: v.pipe(
    v.string(),
    v.title('Code'),
    v.description("Machine-readable error code (e.g., 'NOT_FOUND', 'VALIDATION_ERROR')."),
  ),
  message: v.pipe(
    v.string(),
    v.title('Message'),
    v.description('Human-readable error message describing what went wrong.'),
  ),
  details: v.pipe(
    v.nullable(
      v.object({
        /** The expectations, by field. */
        fields: v.exactOptional(v.record(v.string(), v.string())),
        /** The consumers that rely on the connection. */
        consumers: v.exactOptional(v.array(v.string())),
      }),
    ),
    v.title('Details'),
  ),
});

const PydanticError = v.object({
  loc: v.pipe(v.array(v.union([v.string(), v.pipe(v.number(), v.integer())])), v.title('Location')),
  msg: v.pipe(v.string(), v.title('Message')),
  type: v.pipe(v.string(), v.title('Error Type')),
});

/** Has no `input` property, unlike FastAPI's own errors, because it may contain the password. */
export const HTTPValidationError = v.object({ detail: v.pipe(v.array(PydanticError), v.title('Detail')) });

/** Renders errors in the form of a request like pydantic, and all other failures in the envelope. */
export const renderRegistrationFailure = (
  problem: Problem,
  clean: (text: string) => string,
): FailureAnswer => {
  const { code, extras } = problem;
  if (code === 'invalid-request' && extras.requestPart !== undefined) {
    const { requestPart, errors = [] } = extras;
    return {
      status: 422,
      body: { detail: errors.map((fieldError) => toPydanticError(fieldError, requestPart, clean)) },
    };
  }
  const { errors = [], usages } = extras;
  const fields = Object.fromEntries(
    errors.map(({ path, expected }) => [
      toRegistrationField(path),
      clean(renderRegistrationExpectation(path, expected)),
    ]),
  );
  const message =
    errors.length === 0
      ? problem.message
      : Object.entries(fields)
          .map(([field, expected]) => `${field}: expected ${expected}`)
          .join('; ');
  const details = {
    ...(errors.length > 0 && { fields }),
    ...(usages && { consumers: usages.flatMap(listUsageConsumers) }),
  };
  return {
    status: registrationStatuses[code] ?? extras.status ?? problems[code].status,
    body: {
      success: false,
      data: null,
      error: {
        code: registrationErrorCodes[code] ?? code.toUpperCase().replaceAll('-', '_'),
        message: clean(message),
        details: Object.keys(details).length > 0 ? details : null,
      },
    },
  };
};

/** Overrides so that 422 only means an error in the form of a request: clients expect `detail` in such an answer. */
const registrationStatuses: Partial<Record<ProblemCode, number>> = {
  'idempotency-key-reused': 409,
  'secret-not-shared': 400,
};

/** The codes that differ from Mooring's own in upper case. */
const registrationErrorCodes: Partial<Record<ProblemCode, string>> = {
  'invalid-request': 'VALIDATION_ERROR',
  'invalid-cursor': 'VALIDATION_ERROR',
  'unknown-connector': 'VALIDATION_ERROR',
  'credentials-required': 'VALIDATION_ERROR',
  'secret-not-shared': 'VALIDATION_ERROR',
  unauthenticated: 'UNAUTHORIZED',
  'name-taken': 'CONFLICT',
  'in-use': 'CONFLICT',
  'idempotency-key-reused': 'CONFLICT',
  'quota-exceeded': 'RATE_LIMITED',
  internal: 'INTERNAL_ERROR',
  unavailable: 'SERVICE_UNAVAILABLE',
};

/** Paths of fields that clients only know as parts of the connection string. */
const connectionStringPath = /^(config|credentials|options|ssl)\./;

const toRegistrationField = (path: string): string =>
  connectionStringPath.test(path) ? 'connection_string' : path || 'body';

const renderRegistrationExpectation = (path: string, expected: string): string =>
  connectionStringPath.test(path)
    ? `${path.replace(connectionStringPath, '')} in it as ${expected}`
    : expected;

const listUsageConsumers = (usage: object): string[] =>
  'consumer' in usage && typeof usage.consumer === 'string' ? [usage.consumer] : [];

/** https://docs.pydantic.dev/latest/errors/validation_errors/ */
const toPydanticError = (
  { path, expected, rule = '' }: FieldError,
  requestPart: string,
  clean: (text: string) => string,
): v.InferOutput<typeof PydanticError> => {
  const [first = '', ...others] = rule === 'unknown' ? [path] : path.split('.');
  const loc = [
    requestPart,
    clean(first),
    ...others.map((name) => (/^\d+$/.test(name) ? Number(name) : name)),
  ];
  const [type, msg] = toPydanticRule(rule, expected);
  return { loc: loc.filter((name) => name !== ''), msg: clean(msg), type };
};

const toPydanticRule = (rule: string, expected: string): readonly [type: string, msg: string] => {
  const limitText = expected.replace(/\b1 (character|item)s$/, '1 $1');
  const isList = expected.endsWith(' items');
  switch (rule) {
    case 'missing':
      return ['missing', 'Field required'];
    case 'unknown':
      return ['extra_forbidden', 'Extra inputs are not permitted'];
    case 'json':
      return ['json_invalid', 'JSON decode error'];
    case 'string':
      return ['string_type', 'Input should be a valid string'];
    case 'array':
      return ['list_type', 'Input should be a valid list'];
    case 'strict_object':
      return ['model_attributes_type', 'Input should be a valid dictionary or object to extract fields from'];
    case 'min_length':
      return ['string_too_short', `String should have ${limitText}`];
    case 'max_length':
      return isList
        ? ['too_long', `List should have ${limitText} after validation`]
        : ['string_too_long', `String should have ${limitText}`];
    case 'regex':
      return ['string_pattern_mismatch', `String should match pattern '${expected.slice(1, -1)}'`];
    default:
      return ['value_error', `Value error, expected ${expected}`];
  }
};
