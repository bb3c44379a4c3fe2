import { readNativeCode, classifyNetworkError } from '../../network/classify-network-error.ts';
import { Problem, problems } from '../../problem.ts';
import { createFailureTable, readErrorFields, type FailureMeaning } from '../failure-table.ts';
import { classifyPostgresqlError } from '../postgresql/failures.ts';
import { quoteRedshiftName } from './quote.ts';
import { findAwsStatus } from '../aws/find-aws-status.ts';
import type { CredentialIssuer } from './credential-issuer.ts';

interface IssuerRequest extends CredentialIssuer {
  readonly username: string;
  readonly database: string;
  /** Whether the request went to the host of AWS and not to an endpoint of the deployment. */
  readonly official: boolean;
}

/** Converts an error of AWS, or of a host on the way to AWS, when no password was issued. */
export const toIssuerProblem = (error: unknown, asked: IssuerRequest): Problem => {
  if (error instanceof Problem) return error;
  const status = findAwsStatus(error);
  if (status === undefined) return toUnreachableProblem(error, asked);
  const name = readIssuerErrorName(error);
  if (status < 400 || name === undefined) {
    const code = status >= 500 ? 'server-error' : 'protocol-mismatch';
    const redirects = status >= 300 && status < 400;
    return createIssuerProblem(error, String(status), [code, redirects ? redirectRemediation : undefined]);
  }
  const meaning = issuerCodeMeanings.get(name) ?? [status === 403 ? 'permission-denied' : 'server-error'];
  const [code, remediation] = meaning;
  const grant = code === 'permission-denied' && remediation === undefined;
  return createIssuerProblem(error, name, grant ? [code, renderIamStatement(asked)] : meaning);
};

/** AWS issues a password for any user name of a cluster, also for a user that does not exist in the database. */
export const explainMissingUser = (error: unknown, username: string): unknown => {
  const failure = classifyPostgresqlError(error);
  if (failure?.code !== 'authentication-failed' || !failure.native?.startsWith('28')) return error;
  const name = quoteRedshiftName(username);
  return new Problem(failure.code, undefined, {
    cause: error,
    native_code: failure.native,
    remediation: `Check that the user exists in the database. Mooring does not create it; to create it, run CREATE USER ${name} PASSWORD DISABLE;`,
  });
};

const createIssuerProblem = (
  cause: unknown,
  native_code: string,
  [code, remediation]: FailureMeaning,
): Problem =>
  new Problem(code, undefined, { cause, native_code, ...(remediation !== undefined && { remediation }) });

const redirectRemediation =
  'Check credentials.region: AWS answered with a redirect, and Mooring does not follow redirects.';

/**
 * https://docs.aws.amazon.com/redshift/latest/APIReference/CommonErrors.html ·
 * https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/CommonErrors.html
 */
const issuerCodeMeanings = createFailureTable({
  'AccessDenied AccessDeniedException UnauthorizedOperation': ['permission-denied'],
  OptInRequired: [
    'permission-denied',
    'Check credentials.region: the AWS account of the keys has not opted in to this region.',
  ],
  'InvalidClientTokenId UnrecognizedClientException': [
    'authentication-failed',
    'Check access_key_id: AWS does not know this key. Temporary keys also need their session_token.',
  ],
  'SignatureDoesNotMatch InvalidSignatureException IncompleteSignature MissingAuthenticationToken': [
    'authentication-failed',
    'Send secret_access_key again: it does not belong to access_key_id.',
  ],
  'ExpiredToken ExpiredTokenException': [
    'credentials-expired',
    'Send new keys: access_key_id, secret_access_key and session_token of one set.',
  ],
  RequestExpired: [
    'server-error',
    'The clocks of AWS and Mooring differ by more than 15 minutes. Correct the clock of the machine that runs Mooring.',
  ],
  'ClusterNotFound ResourceNotFoundException': [
    'database-not-found',
    'Check credentials.cluster_identifier or workgroup_name, and region: the AWS account of the keys has no cluster or workgroup with this name in this region.',
  ],
  'InvalidClusterState ConflictException': [
    'server-error',
    'The cluster or workgroup is paused, resuming or being modified. Resume it, or try again in a minute.',
  ],
  'UnsupportedOperation UnsupportedOperationException': [
    'server-error',
    'AWS does not issue temporary passwords for this cluster. Use auth_method password.',
  ],
  'InternalFailure InternalServerException InternalError': [
    'server-error',
    'AWS reported an internal error. Try again in a minute, and check health.aws.amazon.com.',
  ],
  'InvalidParameterValue ValidationException': [
    'authentication-failed',
    'Check config.username, config.database, and credentials.cluster_identifier or workgroup_name: AWS does not accept one of these names.',
  ],
  'Throttling ThrottlingException RequestLimitExceeded ServiceUnavailable': [
    'server-error',
    'AWS is throttling requests. Try again in a minute.',
  ],
});

/** Converts a network error on the way to AWS. */
export const toUnreachableProblem = (
  error: unknown,
  { api, service, official }: Pick<IssuerRequest, 'api' | 'service' | 'official'>,
): Problem => {
  const failure =
    error instanceof Problem
      ? { code: error.code }
      : (classifyNetworkError(error) ?? { code: 'protocol-mismatch' as const });
  const native = readNativeCode(error);
  const { title, blame } = problems[failure.code];
  const where = official ? api : `the endpoint that the deployment configures for ${service}`;
  return new Problem(
    failure.code,
    `Could not request a password from AWS: ${title.charAt(0).toLowerCase()}${title.slice(1)}.`,
    {
      cause: error,
      ...(native !== undefined && { native_code: native }),
      remediation:
        blame === 'network'
          ? `Allow the probe to reach ${where} on its port. Check the egress policy, the route (NAT or a VPC endpoint) and the firewall.`
          : `Make sure that no proxy answers in place of ${where}. If a private authority signed its certificate, send the authority’s certificate as ssl.ca.`,
    },
  );
};

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonredshift.html · …/list_amazonredshiftserverless.html */
const renderIamStatement = ({
  service,
  region,
  name,
  account = '*',
  username,
  database,
}: IssuerRequest): string => {
  const arn = (rest: string) => `arn:${findAwsPartition(region)}:${service}:${region}:${account}:${rest}`;
  const statement =
    service === 'redshift'
      ? {
          Effect: 'Allow',
          Action: 'redshift:GetClusterCredentials',
          Resource: [arn(`dbuser:${name}/${username}`), arn(`dbname:${name}/${database}`)],
        }
      : { Effect: 'Allow', Action: 'redshift-serverless:GetCredentials', Resource: arn('workgroup/*') };
  return `Add this statement to an IAM policy of the owner of the keys: ${JSON.stringify(statement)}`;
};

const findAwsPartition = (region: string): string => {
  const apart = /^(cn|us-gov|eusc)-/.exec(region)?.[1];
  return apart === undefined ? 'aws' : `aws-${apart}`;
};

const readIssuerErrorName = (error: unknown): string | undefined => {
  const { Code, name } = readErrorFields(error);
  return toIssuerErrorCode(Code) ?? toIssuerErrorCode(name);
};

/** Names of errors of the SDK itself end with `Error`. Some errors of a service have the suffix `Fault` after their code. */
const toIssuerErrorCode = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[A-Z][A-Za-z.]{2,63}$/.test(value) && !value.endsWith('Error')
    ? value.replace(/Fault$/, '')
    : undefined;
