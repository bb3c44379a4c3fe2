import { expect, test } from '@jest/globals';
import { reach } from '../engines/reach.ts';
import { runBundledConnector } from './bundled-probe.ts';

const env = reach('s3');
if (env) {
  test('the probe bundle reads an S3 catalog', async () => {
    const target = {
      config: {
        endpoint: env['S3_ENDPOINT'],
        bucket: env['S3_BUCKET'],
        region: env['S3_REGION'],
        access_key_id: env['S3_KEY'],
      },
      credentials: { auth_method: 'access_key', secret_access_key: env['S3_SECRET'] },
      options: { ssl_mode: 'disable' },
    };
    const { printed } = await runBundledConnector('s3', {
      target,
      script: `
        const { version, tables } = await read(['odd']);
        for (const socket of sockets) socket.destroy();
        const { columns } = tables.find(({ name }) => name === 'orders');
        console.log(JSON.stringify({ version, columns: columns.length }));
      `,
    });
    expect(printed).toEqual({ version: 'S3 2006-03-01', columns: 11 });
  });
}
