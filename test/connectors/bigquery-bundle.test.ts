import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { reach } from '../engines/reach.ts';
import { runBundledConnector } from './bundled-probe.ts';

const env = reach('bigquery');
if (env)
  test('the bundled probe reads a BigQuery catalog', async () => {
    const target = {
      config: { project_id: env['BIGQUERY_PROJECT'] },
      credentials: {
        auth_method: 'service_account',
        service_account: readFileSync(env['BIGQUERY_CREDENTIALS'] ?? '', 'utf8'),
      },
      options: { ssl_mode: 'require' },
      endpoint: env['BIGQUERY_ENDPOINT'],
    };
    const { printed } = await runBundledConnector('bigquery', {
      target,
      dialer: 'tls: (socket) => secured({ socket, rejectUnauthorized: false }),',
      script: `
        const { version, tables } = await read();
        const { columns } = tables.find(({ name }) => name === 'customers');
        console.log(JSON.stringify({ version, columns: columns.length }));
      `,
    });
    expect(printed).toEqual({ version: 'BigQuery v2', columns: 8 });
  });
