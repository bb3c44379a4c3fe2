/** The client configuration for AWS emulators. They accept any region and keys, so defaults are enough. */
export const readEmulatorConfig = (environment: Readonly<Record<string, string | undefined>>) => {
  const named = ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE'].some(
    (name) => environment[name],
  );
  return {
    region: environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'] || 'eu-central-1',
    ...(!named && { credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }),
  };
};

/** The name of the table, which is also the prefix of its connections' secrets. */
export const readEmulatorTable = (environment: Readonly<Record<string, string | undefined>>): string =>
  environment['MOORING_TABLE'] || emulatorName;

/** The name of the bus and of the queues, of which each table has its own: a server must not take messages of another one. */
export const toEmulatorQueueName = (table: string): string =>
  table.replaceAll(/[^\w-]/g, '-').slice(0, MAX_QUEUE_PREFIX);

/** SQS allows 80 characters; the suffixes need some of them. */
const MAX_QUEUE_PREFIX = 60;

/** The name of the keys that `npm start` creates there. */
export const emulatorName = 'mooring-local';
