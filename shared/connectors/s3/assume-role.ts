import type { STSClientConfig } from '@aws-sdk/client-sts';
import { Problem } from '../../problem.ts';
import { isS3Denied } from './failures.ts';

/**
 * Exchanges the given keys for temporary keys of the role, valid for an hour. Throws `permission-denied` if the role does not trust them.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export const assumeRole = async (
  settings: STSClientConfig,
  { role_arn, external_id }: { readonly role_arn?: string; readonly external_id?: string },
  abortSignal: AbortSignal,
) => {
  const { AssumeRoleCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient(settings);
  const command = new AssumeRoleCommand({
    RoleArn: role_arn,
    RoleSessionName: 'mooring',
    ...(external_id && { ExternalId: external_id }),
  });
  const { Credentials: sessionKeys } = await client.send(command, { abortSignal }).catch((error: unknown) => {
    throw isS3Denied(error) ? createRoleTrustProblem(error) : error;
  });
  if (!sessionKeys?.AccessKeyId || !sessionKeys.SecretAccessKey || !sessionKeys.SessionToken)
    throw new Problem('protocol-mismatch');
  return {
    accessKeyId: sessionKeys.AccessKeyId,
    secretAccessKey: sessionKeys.SecretAccessKey,
    sessionToken: sessionKeys.SessionToken,
  };
};

const createRoleTrustProblem = (cause: unknown) =>
  new Problem('permission-denied', undefined, {
    cause,
    native_code: 'AccessDenied',
    remediation:
      'Add the owner of the keys as a principal to the role’s trust policy, with external_id as the value of sts:ExternalId, and grant it sts:AssumeRole.',
  });
