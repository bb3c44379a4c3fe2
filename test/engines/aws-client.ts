import { readFileSync } from 'node:fs';

/**
 * Returns the settings with which an AWS client reaches the engine. They include the CA certificate, which
 * Node otherwise reads only at its start.
 */
export const awsClient = (engine: Readonly<Record<string, string>>) => ({
  region: engine['AWS_REGION'] ?? '',
  endpoint: engine['AWS_ENDPOINT_URL'] ?? '',
  credentials: {
    accessKeyId: engine['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: engine['AWS_SECRET_ACCESS_KEY'] ?? '',
  },
  ...(engine['AWS_CA_BUNDLE'] && {
    requestHandler: { httpsAgent: { ca: readFileSync(engine['AWS_CA_BUNDLE'], 'utf8') } },
  }),
});
