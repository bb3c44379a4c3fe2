/** Sets everything that an AWS SDK would otherwise look for in the environment and in ~/.aws. */
export const awsSdkSettings = {
  maxAttempts: 1,
  retryMode: 'standard',
  defaultsMode: 'standard' as const,
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  authSchemePreference: [],
  userAgentAppId: 'mooring',
};

interface AwsKeyFields {
  readonly access_key_id?: string;
  readonly secret_access_key?: string;
  readonly session_token?: string;
}

/** Converts a customer's keys to the fields that the SDK expects. */
export const toAwsKeys = ({ access_key_id = '', secret_access_key = '', session_token }: AwsKeyFields) => ({
  accessKeyId: access_key_id,
  secretAccessKey: secret_access_key,
  ...(session_token && { sessionToken: session_token }),
});
