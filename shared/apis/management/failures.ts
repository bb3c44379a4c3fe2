import * as v from 'valibot';
import type { FailureAnswer } from '../../http/wire-format.ts';
import type { FieldError, Problem, ProblemCode } from '../../problem.ts';
import { reservedMetadata, NESTED_VALUE_MESSAGE } from './schemas.ts';

export const ManagementErrorResponse = v.pipe(
  v.object({
    code: v.pipe(
      v.string(),
      v.description('A unique, stable identifier for the error (prefixed with `FET`).'),
    ),
    title: v.pipe(v.string(), v.description('A brief summary of the issue.')),
    message: v.pipe(v.string(), v.description('Detailed guidance for resolving the error.')),
    fields: v.exactOptional(
      v.pipe(
        v.record(v.string(), v.string()),
        v.description('The invalid fields, each with what is expected.'),
      ),
    ),
  }),
  v.description(
    'Response message error. Error codes use the `FET` prefix to identify issues related to the database connections API.',
  ),
);

const defineManagementError = (status: number, title: string, message?: string) => ({
  status,
  title,
  message,
});

// Keeps the table aligned in columns.
// prettier-ignore
/**
 * An error without a message of its own lists the fields that are not valid or, if there are none, has the problem's detail. FET-1014 and FET-1016 are reserved: they are about jobs,
 * which this API does not have.
 */
export const managementErrors = {
  'FET-0001': defineManagementError(400, 'Missing required fields', 'One or more required fields are missing. Please ensure all required fields like configName, host, port, userName, and password are included.'),
  'FET-0002': defineManagementError(500, 'Internal Server Error', 'The server encountered an unexpected error. Please try again later or contact support.'),
  'FET-0003': defineManagementError(503, 'Service Unavailable', 'The server is currently unable to handle the request due to temporary overloading or maintenance of the server. Please try again later.'),
  'FET-0400': defineManagementError(400, 'Unexpected Fields in the Request', 'The request body contains more fields than expected. Please send only the allowed fields as per the documentation. The unexpected fields are listed in the fields object.'),
  'FET-0401': defineManagementError(400, 'Invalid Value'),
  'FET-0402': defineManagementError(400, 'Missing Fields in Request', 'Your request is missing one or more required fields. Please refer to the documentation to ensure all necessary fields are included in your request.'),
  'FET-0403': defineManagementError(400, 'Invalid Header'),
  'FET-0404': defineManagementError(400, 'Invalid Path Parameter'),
  'FET-0405': defineManagementError(400, 'Invalid Query Parameter'),
  'FET-0406': defineManagementError(400, 'Page Limit Exceeded', 'A page holds at most 1000 items. Please ask for fewer.'),
  'FET-0407': defineManagementError(400, 'Invalid Sort Order', 'The sort order is asc or desc.'),
  'FET-0408': defineManagementError(400, 'Invalid Date', 'A date is written yyyy-mm-dd.'),
  'FET-0409': defineManagementError(400, 'Invalid Date Range', 'The end date must not be before the start date.'),
  'FET-0410': defineManagementError(400, 'Invalid Metadata Nesting', 'The metadata object cannot contain nested values. Please ensure that the value is not nested and try again.'),
  'FET-0411': defineManagementError(400, 'Metadata Value Length Exceeded', 'The metadata value exceeds the maximum allowed length of 2000 characters. Please use a shorter value.'),
  'FET-0412': defineManagementError(400, 'Metadata Key Length Exceeded', 'The metadata key exceeds the maximum allowed length of 100 characters. Please use a shorter key.'),
  'FET-0413': defineManagementError(400, 'Invalid SSL Mode', 'The SSL mode is disable, require, verify-ca or verify-full.'),
  'FET-0414': defineManagementError(400, 'Forbidden Host', 'The host is not one that may be connected to.'),
  'FET-1001': defineManagementError(404, 'Entity Not Found'),
  'FET-1002': defineManagementError(409, 'Conflict', 'An entity of type connection with the same unique attributes already exists. Please use different values to avoid conflicts and review the data provided in the request.'),
  'FET-1015': defineManagementError(409, 'Connection Already Assigned', 'The connection is assigned to a product already.'),
  'FET-1040': defineManagementError(400, 'Connection Down'),
  'FET-1060': defineManagementError(422, 'Schema Validation Failed', 'Some of the mapped fields are not there. Each is listed in the errors array.'),
  'FET-1061': defineManagementError(400, 'Schema Validation Limit Exceeded', 'At most 10 data sources, 20 tables of each and 50 fields of each table are validated at once.'),
  'FET-1062': defineManagementError(400, 'Unknown Data Sources', 'None of the data sources is known.'),
  // Errors that any API may answer, numbered by their status.
  'FET-9401': defineManagementError(401, 'Unauthorized'),
  'FET-9403': defineManagementError(403, 'Forbidden'),
  'FET-9405': defineManagementError(405, 'Method Not Allowed'),
  'FET-9409': defineManagementError(409, 'Connection In Use'),
  'FET-9412': defineManagementError(412, 'Precondition Failed'),
  'FET-9413': defineManagementError(413, 'Payload Too Large'),
  'FET-9415': defineManagementError(415, 'Unsupported Media Type', 'Please send the header Content-Type: application/json.'),
  'FET-9422': defineManagementError(422, 'Unprocessable Entity'),
  'FET-9429': defineManagementError(429, 'Too Many Requests'),
} as const;
export type FetCode = keyof typeof managementErrors;

export const renderManagementFailure = (problem: Problem, clean: (text: string) => string): FailureAnswer => {
  const { requestPart, errors = [], steps } = problem.extras;
  const sentence = clean(problem.message);
  // A failed test has one code here, independent of the problem's code.
  if (steps) return toManagementFailure('FET-1040', { sentence });
  if (requestPart === 'path')
    return toManagementFailure('FET-0404', { sentence, fields: { id: 'expected a UUID' } });
  const fieldErrors = errors.map((fieldError) => ({
    ...fieldError,
    ...toFetFieldError(fieldError, problem),
  }));
  const first =
    fetCodePriority.find((code) => fieldErrors.some((one) => one.code === code)) ??
    fetCodesByProblem[problem.code];
  // Not cleaned: these texts never contain input, and a short password would remove words from them.
  const fields = fieldErrors
    .filter(({ code, field }) => code === first && field !== '')
    .map(({ field, expected }) => [field, `expected ${expected}`]);
  const isEmpty = fieldErrors.some(({ code, path }) => code === 'FET-0402' && path === '');
  return toManagementFailure(first, {
    sentence,
    fields: Object.fromEntries(fields),
    ...(isEmpty && { message: 'empty request body' }),
  });
};

interface ManagementErrorDetails {
  readonly sentence: string;
  readonly message?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

const toManagementFailure = (
  code: FetCode,
  { sentence, fields = {}, ...details }: ManagementErrorDetails,
): FailureAnswer => {
  const { status, title, message } = managementErrors[code];
  const fieldEntries = Object.entries(fields).map(([field, text]) => `${field}: ${text}`);
  return {
    status,
    body: {
      code,
      title,
      message: details.message ?? message ?? (fieldEntries.slice(0, 5).join('; ') || sentence),
      ...(fieldEntries.length > 0 && { fields }),
    },
  };
};

/** The order in which one code is chosen if several apply. */
const fetCodePriority: readonly FetCode[] = [
  'FET-0403',
  'FET-0400',
  'FET-0402',
  'FET-0001',
  ...(Object.keys(managementErrors) as FetCode[]), // the keys of the table
];

const fetCodesByProblem = {
  'invalid-request': 'FET-0401',
  'invalid-cursor': 'FET-0405',
  'events-expired': 'FET-0405',
  'unknown-connector': 'FET-0401',
  'credentials-required': 'FET-0402',
  unauthenticated: 'FET-9401',
  forbidden: 'FET-9403',
  'not-found': 'FET-1001',
  'method-not-allowed': 'FET-9405',
  'name-taken': 'FET-1002',
  'in-use': 'FET-9409',
  'precondition-failed': 'FET-9412',
  'payload-too-large': 'FET-9413',
  'unsupported-media-type': 'FET-9415',
  'idempotency-key-reused': 'FET-9422',
  'secret-not-shared': 'FET-9422',
  'quota-exceeded': 'FET-9429',
  'host-not-found': 'FET-1040',
  'host-forbidden': 'FET-0414',
  'connection-refused': 'FET-1040',
  'connection-reset': 'FET-1040',
  unreachable: 'FET-1040',
  timeout: 'FET-1040',
  'tls-off': 'FET-1040',
  'tls-unverified': 'FET-1040',
  'password-in-clear': 'FET-1040',
  'tls-required': 'FET-1040',
  'tls-unsupported': 'FET-1040',
  'certificate-unreadable': 'FET-1040',
  'certificate-untrusted': 'FET-1040',
  'certificate-expired': 'FET-1040',
  'certificate-hostname-mismatch': 'FET-1040',
  'client-certificate-required': 'FET-1040',
  'authentication-failed': 'FET-1040',
  'credentials-locked': 'FET-1040',
  'credentials-expired': 'FET-1040',
  'account-locked': 'FET-1040',
  'database-not-found': 'FET-1040',
  'too-many-connections': 'FET-1040',
  'unsupported-version': 'FET-1040',
  'protocol-mismatch': 'FET-1040',
  'source-too-large': 'FET-1040',
  'server-error': 'FET-1040',
  'permission-denied': 'FET-1040',
  'privileges-missing': 'FET-1040',
  'over-privileged': 'FET-1040',
  internal: 'FET-0002',
  unavailable: 'FET-0003',
} as const satisfies Record<ProblemCode, FetCode>;

interface FetFieldError {
  readonly code: FetCode;
  readonly field: string;
}

const toFetFieldError = (
  { path, expected, rule = '' }: FieldError,
  { code, extras: { requestPart } }: Problem,
): FetFieldError => {
  if (isFetCode(rule)) return { code: rule, field: path };
  if (requestPart === 'query') return { code: classifyQueryError(path, rule), field: path };
  if (requestPart === 'header' || (!requestPart && path.startsWith('X-')))
    return { code: 'FET-0403', field: toHeaderName(path) };
  if (requestPart) return { code: classifyBodyError(path, expected, rule), field: path };
  const field = managementFieldNames[path] ?? path;
  if (code !== 'invalid-request') return { code: fetCodesByProblem[code], field };
  // FET-0001 is for rules of the body's own schema. This error comes from a rule of the domain.
  return { code: field === 'ssl.mode' ? 'FET-0413' : 'FET-0401', field };
};

const isFetCode = (rule: string): rule is FetCode => Object.hasOwn(managementErrors, rule);

const toHeaderName = (path: string) => path.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());

const classifyQueryError = (path: string, rule: string): FetCode => {
  if (rule === 'unknown' || rule === 'repeated') return 'FET-0405';
  if (path === 'limit' && rule === 'max_value') return 'FET-0406';
  if (path === 'sortOrder') return 'FET-0407';
  return path === 'startDate' || path === 'endDate' ? 'FET-0408' : 'FET-0405';
};

/** The names of the domain's fields in this API. */
const managementFieldNames: Readonly<Record<string, string>> = {
  name: 'configName',
  'config.host': 'host',
  'config.port': 'port',
  'config.database': 'databaseName',
  'config.service_name': 'databaseName',
  'config.sid': 'databaseName',
  'config.auth_source': 'metadata.authSource',
  'config.username': 'userName',
  'credentials.password': 'password',
  'options.ssl_mode': 'ssl.mode',
  [`metadata.${reservedMetadata.schema}`]: 'schema',
  [`metadata.${reservedMetadata.database}`]: 'databaseName',
};

const classifyBodyError = (field: string, expected: string, rule: string): FetCode => {
  if (rule === 'unknown') return 'FET-0400';
  if (rule === 'missing') return 'FET-0402';
  if (field === 'ssl.mode') return 'FET-0413';
  if (field.startsWith('mappedFields')) return rule.startsWith('max_') ? 'FET-1061' : 'FET-0401';
  if (field.startsWith('metadata.') && field !== 'metadata.') return classifyMetadataError(expected, rule);
  return (rule === 'regex' || rule === 'non_empty') && field !== 'metadata.' ? 'FET-0001' : 'FET-0401';
};

const classifyMetadataError = (expected: string, rule: string): FetCode => {
  if (expected === NESTED_VALUE_MESSAGE) return 'FET-0410';
  if (rule === 'max_length') return 'FET-0411';
  return rule === 'regex' ? 'FET-0412' : 'FET-0401';
};
