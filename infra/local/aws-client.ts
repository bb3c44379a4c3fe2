/** For servers that stand in for AWS: they take any region and any keys, so that nobody has to name some. */
export const emulatorConfig = (environment: Readonly<Record<string, string | undefined>>) => {
  const named = ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE'].some(
    (name) => environment[name],
  );
  return {
    region: environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'] || 'eu-central-1',
    ...(!named && { credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }),
  };
};

/** The table, and what the secrets of its connections are named below. */
export const emulatorTable = (environment: Readonly<Record<string, string | undefined>>): string =>
  environment['MOORING_TABLE'] || emulatorName;

/** The name of all else that `npm start` makes there. */
export const emulatorName = 'mooring-local';
