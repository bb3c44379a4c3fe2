import { nativeCode, networkFailure } from '../../network/failure.ts';
import { Problem, problems } from '../../problem.ts';
import type { ProblemCode } from '../../problem.ts';
import { failure } from '../postgresql/failures.ts';
import { quoteWith } from '../postgresql/quote.ts';
import type { Place } from './place.ts';
import { reservedWords } from './reserved-words.ts';

interface Asked extends Place {
  readonly username: string;
  readonly database: string;
  /** Whether AWS's own host was asked, and not one that the deployment names. */
  readonly official: boolean;
}

/** What it means that AWS, or somebody on the way there, hands out no password. */
export const refused = (error: unknown, asked: Asked): Problem => {
  if (error instanceof Problem) return error;
  const { status, name } = shapeOf(error);
  if (status === undefined) return notReached(error, asked);
  if (status < 400 || name === undefined)
    return new Problem(status >= 500 ? 'server-error' : 'protocol-mismatch', undefined, {
      cause: error,
      native_code: String(status),
      ...(status >= 300 &&
        status < 400 && { remediation: 'Redirects are never followed: check credentials.region.' }),
    });
  const [code, cure] = (Object.hasOwn(codes, name) ? codes[name] : undefined) ?? [
    status === 403 ? 'permission-denied' : 'server-error',
  ];
  const remediation = code === 'permission-denied' && cure === undefined ? statementFor(asked) : cure;
  return new Problem(code, undefined, {
    cause: error,
    native_code: name,
    ...(remediation !== undefined && { remediation }),
  });
};

/** AWS gives a password for any user of a cluster, also for one that the database does not have. */
export const notLetIn = (error: unknown, username: string): unknown => {
  const said = failure(error);
  if (said?.code !== 'authentication-failed' || !said.native?.startsWith('28')) return error;
  const name = quoteWith(reservedWords)(username);
  return new Problem(said.code, undefined, {
    cause: error,
    native_code: said.native,
    remediation: `Make the user in the database first, since none is made by itself: CREATE USER ${name} PASSWORD DISABLE;`,
  });
};

type Said = readonly [ProblemCode, string?];

const wrongId: Said = [
  'authentication-failed',
  'Check access_key_id: AWS does not know it. Temporary keys need their session_token.',
];
const wrongKey: Said = [
  'authentication-failed',
  'Send secret_access_key again: it is not the one of access_key_id.',
];
const expired: Said = ['credentials-expired', 'Send new keys, all of one set.'];
const denied: Said = ['permission-denied'];
const notFound: Said = [
  'database-not-found',
  'Check credentials.cluster_identifier or workgroup_name, and region: the account of the keys has none of that name there.',
];
const wrongName: Said = [
  'authentication-failed',
  'Check config.username, config.database, and credentials.cluster_identifier or workgroup_name: AWS takes no such name.',
];
const busy: Said = ['server-error', 'AWS asks for fewer requests: try again in a minute.'];

/**
 * https://docs.aws.amazon.com/redshift/latest/APIReference/CommonErrors.html ·
 * https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/CommonErrors.html
 */
const codes: Readonly<Record<string, Said>> = {
  AccessDenied: denied,
  AccessDeniedException: denied,
  UnauthorizedOperation: denied,
  OptInRequired: [
    'permission-denied',
    'Check credentials.region: the account of the keys has not opted in to it.',
  ],
  InvalidClientTokenId: wrongId,
  UnrecognizedClientException: wrongId,
  SignatureDoesNotMatch: wrongKey,
  InvalidSignatureException: wrongKey,
  IncompleteSignature: wrongKey,
  MissingAuthenticationToken: wrongKey,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  RequestExpired: ['server-error', 'AWS’s clock differs from Mooring’s by more than 15 minutes: set it.'],
  ClusterNotFound: notFound,
  ResourceNotFoundException: notFound,
  InvalidParameterValue: wrongName,
  ValidationException: wrongName,
  Throttling: busy,
  ThrottlingException: busy,
  RequestLimitExceeded: busy,
  ServiceUnavailable: busy,
};

/** What it means that the way to AWS is barred. */
export const notReached = (error: unknown, { api, official }: Pick<Asked, 'api' | 'official'>): Problem => {
  const said =
    error instanceof Problem
      ? { code: error.code }
      : (networkFailure(error) ?? { code: 'protocol-mismatch' as const });
  const native = nativeCode(error);
  const { title, blame } = problems[said.code];
  const where = official ? api : 'the endpoint that the deployment names for redshift';
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
const statementFor = ({ service, region, name, account = '*', username, database }: Asked): string => {
  const arn = (rest: string) => `arn:${partitionOf(region)}:${service}:${region}:${account}:${rest}`;
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

const partitionOf = (region: string): string => {
  const apart = /^(cn|us-gov|eusc)-/.exec(region)?.[1];
  return apart === undefined ? 'aws' : `aws-${apart}`;
};

interface Shape {
  readonly status?: number;
  readonly name?: string;
}

const shapeOf = (error: unknown): Shape => {
  if (typeof error !== 'object' || error === null) return {};
  const { $metadata: metadata, Code, name } = error as Readonly<Record<string, unknown>>; // each is looked at
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? metadata.httpStatusCode
      : undefined;
  if (typeof status !== 'number') return {};
  const said = word(Code) ?? word(name);
  return { status, ...(said !== undefined && { name: said }) };
};

/** The SDK names an error of its own kind `Error` or `UnknownError`, and each fault of a service's with `Fault` behind its code. */
const word = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[A-Z][A-Za-z.]{2,63}$/.test(value) && !value.endsWith('Error')
    ? value.replace(/Fault$/, '')
    : undefined;
