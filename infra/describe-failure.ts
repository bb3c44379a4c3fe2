/** Describes a failure as a sentence for the person who runs a command. The cause says why AWS did not answer. */
export const describeFailure = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const text = error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
  const hint = Object.entries(failureHints).find(([name]) => text.includes(name))?.[1];
  return hint === undefined ? text : `${text}\n${hint}`;
};

/** By names of errors of AWS and its SDK. */
const failureHints: Readonly<Record<string, string>> = {
  'DynamoDB: ResourceNotFoundException':
    'Expected the table of a deployment in this region: check AWS_REGION, MOORING_TABLE and MOORING_NAME.',
  CredentialsProviderError:
    'Expected credentials of the account of the deployment: AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  AccessDenied:
    'These credentials are not allowed to do this: expected those of an administrator of the deployment.',
  ExpiredToken: 'These credentials have expired: log in again.',
};
