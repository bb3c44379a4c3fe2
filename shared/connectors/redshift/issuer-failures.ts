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
  const [code, cure] = meaning;
  const grant = code === 'permission-denied' && cure === undefined;
  return createIssuerProblem(error, name, grant ? [code, renderIamStatement(asked)] : meaning);
};

/** AWS issues a password for any user name of a cluster, also for a user that does not exist in the database. */
export const explainMissingUser = (error: unknown, username: string): unknown => {
  const said = classifyPostgresqlError(error);
  if (said?.code !== 'authentication-failed' || !said.native?.startsWith('28')) return error;
  const name = quoteRedshiftName(username);
  return new Problem(said.code, undefined, {
    cause: error,
    native_code: said.native,
    remediation: `Make the user in the database first, since none is made by itself: CREATE USER ${name} PASSWORD DISABLE;`,
  });
};

const createIssuerProblem = (
  cause: unknown,
  native_code: string,
  [code, remediation]: FailureMeaning,
): Problem =>
  new Problem(code, undefined, { cause, native_code, ...(remediation !== undefined && { remediation }) });

const redirectRemediation = 'Redirects are never followed: check credentials.region.';

/**
 * https://docs.aws.amazon.com/redshift/latest/APIReference/CommonErrors.html ·
 * https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/CommonErrors.html
 */
const issuerCodeMeanings = createFailureTable({
  'AccessDenied AccessDeniedException UnauthorizedOperation': ['permission-denied'],
  OptInRequired: [
    'permission-denied',
    'Check credentials.region: the account of the keys has not opted in to it.',
  ],
  'InvalidClientTokenId UnrecognizedClientException': [
    'authentication-failed',
    'Check access_key_id: AWS does not know it. Temporary keys need their session_token.',
  ],
  'SignatureDoesNotMatch InvalidSignatureException IncompleteSignature MissingAuthenticationToken': [
    'authentication-failed',
    'Send secret_access_key again: it is not the one of access_key_id.',
  ],
  'ExpiredToken ExpiredTokenException': ['credentials-expired', 'Send new keys, all of one set.'],
  RequestExpired: ['server-error', 'AWS’s clock differs from Mooring’s by more than 15 minutes: set it.'],
  'ClusterNotFound ResourceNotFoundException': [
    'database-not-found',
    'Check credentials.cluster_identifier or workgroup_name, and region: the account of the keys has none of that name there.',
  ],
  'InvalidClusterState ConflictException': [
    'server-error',
    'The cluster or workgroup is paused, resuming or being changed: resume it, or try again in a minute.',
  ],
  'UnsupportedOperation UnsupportedOperationException': [
    'server-error',
    'AWS says that this cluster does not support handing out passwords: use the auth_method password.',
  ],
  'InternalFailure InternalServerException InternalError': [
    'server-error',
    'AWS failed for now: try again in a minute, and see health.aws.amazon.com.',
  ],
  'InvalidParameterValue ValidationException': [
    'authentication-failed',
    'Check config.username, config.database, and credentials.cluster_identifier or workgroup_name: AWS takes no such name.',
  ],
  'Throttling ThrottlingException RequestLimitExceeded ServiceUnavailable': [
    'server-error',
    'AWS asks for fewer requests: try again in a minute.',
  ],
});

/** Converts a network error on the way to AWS. */
export const toUnreachableProblem = (
  error: unknown,
  { api, service, official }: Pick<IssuerRequest, 'api' | 'service' | 'official'>,
): Problem => {
  const said =
    error instanceof Problem
      ? { code: error.code }
      : (classifyNetworkError(error) ?? { code: 'protocol-mismatch' as const });
  const native = readNativeCode(error);
  const { title, blame } = problems[said.code];
  const where = official ? api : `the endpoint that the deployment names for ${service}`;
  return new Problem(
    said.code,
    `AWS, which hands out the password: ${title.charAt(0).toLowerCase()}${title.slice(1)}.`,
    {
      cause: error,
      ...(native !== undefined && { native_code: native }),
      remediation:
        blame === 'network'
          ? `Let the probe reach ${where} on its port: by the egress policy, a route (NAT or a VPC endpoint), the firewall.`
          : `Let nobody answer in place of ${where}; where its authority is a private one, send it as ssl.ca.`,
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
  return `Add to the IAM policies of the keys’ owner: ${JSON.stringify(statement)}`;
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
