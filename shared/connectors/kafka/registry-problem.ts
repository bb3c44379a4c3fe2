import { Problem, type ProblemCode } from '../../problem.ts';
import { createFailureTable, type FailureMeaning } from '../failure-table.ts';

/** Converts the status of a schema registry, or of a proxy in front of it, when it is not 200. */
export const toRegistryProblem = (status: number): Problem => {
  const native_code = String(status);
  const [code, remediation] =
    registryStatusCodes.get(native_code) ??
    (status >= 500 ? registryDown : (['protocol-mismatch', registryUrlRemediation] as const));
  return new Problem(code, registryProblemDetails[code] ?? registryExpectation, {
    native_code,
    ...(remediation !== undefined && { remediation }),
  });
};

const registryExpectation = 'Expected a schema registry at schema_registry_url.';
const registryUrlRemediation = 'Check schema_registry_url, including its path. Redirects are not followed.';

const registryProblemDetails: Readonly<Partial<Record<ProblemCode, string>>> = {
  'authentication-failed': 'The schema registry rejected the credentials.',
  'permission-denied': 'The schema registry does not allow the account to read.',
  'server-error': 'The schema registry reported an error.',
};

const registryDown: FailureMeaning = ['server-error', 'Check the log of the schema registry.'];

/** https://docs.confluent.io/platform/current/schema-registry/develop/api.html */
const registryStatusCodes = createFailureTable({
  '401': [
    'authentication-failed',
    'Send schema_registry_username and schema_registry_password of an account of the registry.',
  ],
  '403': ['permission-denied', 'Grant the account Subject:Read in the schema registry.'],
  '407': [
    'server-error',
    'A proxy in front of the schema registry requires its own credentials. Set schema_registry_url to the registry itself.',
  ],
  '408 429': ['server-error', 'The schema registry limits the request rate. Try again in a minute.'],
  '502 503 504': [
    'server-error',
    'A proxy in front of the schema registry cannot reach it, or the registry is starting. Check that it is running, and try again in a minute.',
  ],
});
