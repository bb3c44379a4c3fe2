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
const registryUrlRemediation = 'Check schema_registry_url, its path with it; a redirect is not followed.';

const registryProblemDetails: Readonly<Partial<Record<ProblemCode, string>>> = {
  'authentication-failed': 'The schema registry refused the credentials.',
  'permission-denied': 'The schema registry does not let the account read.',
  'server-error': 'The schema registry reported an error.',
};

const registryDown: FailureMeaning = ['server-error', 'Look at the log of the schema registry.'];

/** https://docs.confluent.io/platform/current/schema-registry/develop/api.html */
const registryStatusCodes = createFailureTable({
  '401': [
    'authentication-failed',
    'Send schema_registry_username and schema_registry_password of an account of the registry.',
  ],
  '403': ['permission-denied', 'Grant it Subject:Read on the registry.'],
  '407': [
    'server-error',
    'A proxy before the schema registry asks for credentials of its own: name the registry itself in schema_registry_url.',
  ],
  '408 429': ['server-error', 'The schema registry asks for fewer requests: try again in a minute.'],
  '502 503 504': [
    'server-error',
    'What stands before the schema registry does not reach it, or it is starting: check that it runs, and try again in a minute.',
  ],
});
