import { Problem } from '../../problem.ts';

export type RedshiftIamKeys = Readonly<
  Partial<
    Record<
      | 'access_key_id'
      | 'secret_access_key'
      | 'session_token'
      | 'region'
      | 'cluster_identifier'
      | 'workgroup_name',
      string
    >
  >
>;

/** The service that issues passwords for a cluster or workgroup, and the name of that cluster or workgroup. */
export interface CredentialIssuer {
  readonly service: 'redshift' | 'redshift-serverless';
  readonly region: string;
  readonly name: string;
  /** The account that owns a workgroup, if the host contains it. */
  readonly account?: string;
  /** The API host of the service. */
  readonly api: string;
}

/** Uses the credentials first, then the host. A custom domain name or a VPC endpoint contains none of these values. */
export const resolveCredentialIssuer = (
  host: string,
  { region, cluster_identifier, workgroup_name }: RedshiftIamKeys,
): CredentialIssuer => {
  if (cluster_identifier && workgroup_name)
    throw createRedshiftFieldProblem('credentials', 'either cluster_identifier or workgroup_name, not both');
  const [, label, middle, hostRegion, word] = redshiftHostPattern.exec(host) ?? [];
  const serverless = workgroup_name !== undefined || (!cluster_identifier && word?.endsWith('-serverless'));
  const service = serverless ? 'redshift-serverless' : 'redshift';
  const name = workgroup_name ?? cluster_identifier ?? label?.toLowerCase();
  if (name === undefined)
    throw createRedshiftFieldProblem(
      'credentials.cluster_identifier',
      'the identifier of the cluster (or workgroup_name), because the host name does not contain it',
    );
  const issuerRegion = region ?? hostRegion?.toLowerCase();
  if (issuerRegion === undefined)
    throw createRedshiftFieldProblem(
      'credentials.region',
      'an AWS region, because the host name does not contain one',
    );
  const account = serverless && /^\d{12}$/.test(middle ?? '') ? middle : undefined;
  return {
    service,
    region: issuerRegion,
    name,
    ...(account !== undefined && { account }),
    api: `${service}.${issuerRegion}.${findAwsDomain(issuerRegion)}`,
  };
};

/**
 * `cluster.id.region.redshift.amazonaws.com`, https://docs.aws.amazon.com/redshift/latest/mgmt/connecting-from-psql.html, and
 * `workgroup.account.region.redshift-serverless.amazonaws.com`, https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-connecting.html
 */
const redshiftHostPattern =
  /^([a-z0-9-]{1,64})\.([a-z0-9-]{1,64})\.([a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2})\.(redshift|redshift-serverless)\.amazonaws\.(?:com|com\.cn|eu)\.?$/i;

/** https://docs.aws.amazon.com/general/latest/gr/redshift-service.html */
const findAwsDomain = (region: string): string => {
  if (region.startsWith('cn-')) return 'amazonaws.com.cn';
  return region.startsWith('eusc-') ? 'amazonaws.eu' : 'amazonaws.com';
};

const createRedshiftFieldProblem = (path: string, expected: string) =>
  new Problem('invalid-request', `${path}: expected ${expected}`, { errors: [{ path, expected }] });
