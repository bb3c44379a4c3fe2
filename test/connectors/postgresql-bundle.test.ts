import { expect, test } from '@jest/globals';
import { reach } from '../engines/reach.ts';
import { runBundledConnector } from './bundled-probe.ts';

const env = reach('postgres');
if (env)
  test('the probe bundle reads a PostgreSQL catalog', async () => {
    const target = {
      config: {
        host: '127.0.0.1',
        port: Number(env['POSTGRES_PORT']),
        database: env['POSTGRES_DATABASE'],
        username: env['POSTGRES_USER'],
      },
      credentials: { auth_method: 'password', password: env['POSTGRES_PASSWORD'] },
      options: { ssl_mode: 'disable' },
    };
    const { printed } = await runBundledConnector('postgresql', {
      target,
      script: `
        const { version, tables } = await read();
        const { columns } = tables.find(({ name }) => name === 'customers');
        console.log(JSON.stringify({ version, columns: columns.length }));
      `,
    });
    expect(printed).toEqual({
      version: expect.stringMatching(/^PostgreSQL \d/),
      columns: 9,
    });
  });
