import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { reach } from '../engines/reach.ts';
import { runBundledConnector } from './bundled-probe.ts';

const env = reach('databricks') ?? {};
const there = env['DATABRICKS_PORT'] !== undefined;
if (there)
  test('the bundled probe reads a Databricks catalog', async () => {
    const target = {
      config: {
        host: 'dbc-00000000-0000.cloud.databricks.com',
        http_path: env['DATABRICKS_PATH'],
        schema: 'sales',
      },
      credentials: { auth_method: 'token', token: env['DATABRICKS_TOKEN'] },
      options: { ssl_mode: 'verify-full' },
      endpoint: `https://localhost:${env['DATABRICKS_PORT']}`,
    };
    const ca = await readFile(env['DATABRICKS_CA'] ?? '', 'utf8');
    const { printed } = await runBundledConnector('databricks', {
      target,
      dialer: `tls: (socket, { host }) => secured({ socket, servername: host, ca: ${JSON.stringify(ca)} }),`,
      script: `
        const { version, tables } = await read();
        console.log(JSON.stringify({ version, tables: tables.length }));
      `,
    });
    expect(printed).toEqual({ version: expect.stringMatching(/^Databricks, Spark 4/), tables: 3 });
  });
