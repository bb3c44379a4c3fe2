import { expect, test } from '@jest/globals';
import { reach } from '../engines/reach.ts';
import { runBundledConnector } from './bundled-probe.ts';

const env = reach('sqlserver');
if (env) {
  test('the probe bundle reads a SQL Server catalog', async () => {
    const target = {
      config: {
        host: '127.0.0.1',
        port: Number(env['SQLSERVER_PORT']),
        database: 'shop',
        username: env['SQLSERVER_USER'],
      },
      credentials: { auth_method: 'password', password: env['SQLSERVER_PASSWORD'] },
      options: { ssl_mode: 'disable' },
    };
    const { printed, stderr } = await runBundledConnector('sqlserver', { target, script });
    expect(printed).toEqual({
      version: 'SQL Server 2022 (16.0.1000.6)',
      missing: [],
      key: ['OrderId'],
      code: 'authentication-failed',
    });
    expect(stderr).toBe('');
  });
}

const script = `
  const session = await open(target, dialer);
  const version = await session.ping();
  const { missing } = await session.privileges();
  const tables = await tablesOf(session);
  await session[Symbol.asyncDispose]();
  const wrong = { ...target, credentials: { ...target.credentials, password: 'never-the-right-one' } };
  const { code } = await open(wrong, dialer).catch(failure);
  console.log(JSON.stringify({ version, missing, key: tables.find(({ name }) => name === 'Orders').primary_key, code }));
`;
