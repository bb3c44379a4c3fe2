import { Problem } from '../../problem.ts';

interface RdsIamKeys {
  readonly access_key_id?: string;
  readonly secret_access_key?: string;
  readonly session_token?: string;
  readonly region?: string;
}

/** Creates a password for RDS that is valid for 15 minutes. It is signed locally with the keys of the customer, without a call to AWS. */
export const createRdsIamToken = async (
  { access_key_id, secret_access_key, session_token, region }: RdsIamKeys,
  { host, port, username }: { readonly host: string; readonly port: number; readonly username: string },
): Promise<string> => {
  const signedRegion = region ?? /\.([a-z0-9-]+)\.rds\.amazonaws\.com(\.cn)?$/.exec(host)?.[1];
  if (signedRegion === undefined)
    throw createRdsFieldProblem(
      'credentials.region',
      'an AWS region, because the host name does not contain one',
    );
  if (!access_key_id || !secret_access_key)
    throw createRdsFieldProblem('credentials', 'access_key_id and secret_access_key');

  const { Signer } = await import('@aws-sdk/rds-signer');
  return new Signer({
    hostname: host,
    port,
    username,
    region: signedRegion,
    credentials: {
      accessKeyId: access_key_id,
      secretAccessKey: secret_access_key,
      ...(session_token && { sessionToken: session_token }),
    },
  }).getAuthToken();
};

const createRdsFieldProblem = (path: string, expected: string) =>
  new Problem('invalid-request', `${path}: expected ${expected}`, { errors: [{ path, expected }] });
