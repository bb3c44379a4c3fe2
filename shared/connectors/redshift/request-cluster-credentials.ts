import { GetClusterCredentialsCommand, RedshiftClient } from '@aws-sdk/client-redshift';
import type { RedshiftClientConfig } from '@aws-sdk/client-redshift';

/**
 * https://docs.aws.amazon.com/redshift/latest/APIReference/API_GetClusterCredentials.html
 * This is a separate file so that the bundler can tree-shake the client.
 */
export const requestClusterCredentials = async (
  settings: RedshiftClientConfig,
  asked: { readonly name: string; readonly username: string; readonly database: string },
  abortSignal: AbortSignal,
) => {
  const command = new GetClusterCredentialsCommand({
    ClusterIdentifier: asked.name,
    DbUser: asked.username,
    DbName: asked.database,
    AutoCreate: false,
    DurationSeconds: 900,
  });
  const { DbUser, DbPassword } = await new RedshiftClient(settings).send(command, { abortSignal });
  return { username: DbUser, password: DbPassword };
};
