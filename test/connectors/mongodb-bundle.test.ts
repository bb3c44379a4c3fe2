import { expect, test } from '@jest/globals';
import { reach } from '../engines/reach.ts';
import { bundleProbe } from './bundled-probe.ts';

const env = reach('mongodb');
if (env) {
  test('the bundled probe reads a MongoDB catalog', async () => {
    await using bundled = await bundleProbe();
    // The bundle must not contain what the driver needs to log in as our own function or to use a proxy.
    const taken = Object.entries(bundled.probe.inputs)
      .filter(([name]) => name.startsWith('node_modules/mongodb/'))
      .flatMap(([, { imports }]) => imports.filter(({ external }) => !external).map(({ path }) => path));
    expect(taken.filter((path) => /\/(@aws-sdk|@smithy|socks|kerberos)\//.test(path))).toEqual([]);
    const target = {
      config: {
        host: '127.0.0.1',
        port: Number(env['MONGODB_PORT']),
        database: 'shop',
        username: env['MONGODB_USER'],
        auth_source: 'admin',
      },
      credentials: { auth_method: 'password', password: env['MONGODB_PASSWORD'] },
      options: { ssl_mode: 'disable' },
    };
    const { printed } = await bundled.run('mongodb', {
      target,
      script: `
        const { version, tables } = await read();
        const { columns } = tables.find(({ name }) => name === 'users');
        console.log(JSON.stringify({ version, columns: columns.length }));
      `,
    });
    expect(printed).toEqual({ version: expect.stringMatching(/^MongoDB 6\.0/), columns: 12 });
  });
}
