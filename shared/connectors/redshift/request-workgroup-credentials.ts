import { GetCredentialsCommand, RedshiftServerlessClient } from '@aws-sdk/client-redshift-serverless';
import type { RedshiftServerlessClientConfig } from '@aws-sdk/client-redshift-serverless';

/**
 * The owner of the keys becomes the user; the request cannot name another one.
 * https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_GetCredentials.html
 */
export const requestWorkgroupCredentials = async (
  settings: RedshiftServerlessClientConfig,
  asked: { readonly name: string; readonly database: string },
  abortSignal: AbortSignal,
) => {
  const command = new GetCredentialsCommand({
    workgroupName: asked.name,
    dbName: asked.database,
    durationSeconds: 900,
  });
  const { dbUser, dbPassword } = await new RedshiftServerlessClient(settings).send(command, { abortSignal });
  return { username: dbUser, password: dbPassword };
};
