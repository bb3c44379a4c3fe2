import { expect, test } from '@jest/globals';
import { reach } from '../engines/reach.ts';
import { pem } from '../network/servers.ts';
import { measureInChildProcess, MAX_INTROSPECTION_MB } from './measure-in-child-process.ts';

const env = reach('databricks');
if (env) {
  /**
   * Driver, protocol and server (Spark) are real; Spark generates the rows of information_schema at query
   * time.
   */
  test('Databricks introspection of ten thousand tables stays within the memory limit', async () => {
    const { peakMb, ...counted } = await measureInChildProcess({
      connector: 'databricks',
      target: {
        config: {
          host: 'dbc-00000000-0000.cloud.databricks.com',
          http_path: env['DATABRICKS_PATH'],
        },
        credentials: { auth_method: 'token', token: env['DATABRICKS_TOKEN'] ?? '' },
        options: { ssl_mode: 'verify-full', query_timeout_seconds: 60 },
        role: 'source',
        endpoint: `https://localhost:${env['DATABRICKS_PORT']}`,
      },
      tlsSettings: { mode: 'verify-full', ca: pem('ca.crt') },
      schemas: ['warehouse'],
    });
    expect(counted).toEqual({ tables: 10_000, columns: 200_000, ordered: true, missing: [] });
    expect(peakMb).toBeLessThan(MAX_INTROSPECTION_MB);
  });
}
