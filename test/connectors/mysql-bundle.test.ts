import { expect, test } from '@jest/globals';
import { runBundledConnector } from './bundled-probe.ts';
import { mysqlEngines } from './mysql-engines.ts';

const [engine] = mysqlEngines();
if (engine) {
  test('the bundled probe reads a MySQL catalog', async () => {
    const target = {
      config: { host: '127.0.0.1', port: engine.port, database: 'shop', username: engine.user },
      credentials: { auth_method: 'password', password: engine.password },
      options: { ssl_mode: 'disable' },
    };
    const { printed } = await runBundledConnector('mysql', {
      target,
      script: `
        const { version, tables } = await read();
        const { columns } = tables.find(({ name }) => name === 'customers');
        console.log(JSON.stringify({ version, columns: columns.length }));
      `,
    });
    expect(printed).toEqual({ version: expect.stringContaining(engine.version), columns: 11 });
  });
}
