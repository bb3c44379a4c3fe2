import { expect, test } from '@jest/globals';
import { reach } from '../engines/reach.ts';
import { runBundledConnector } from './bundled-probe.ts';

const env = reach('oracle');
if (env) {
  test('the probe bundle reads an Oracle catalog, through the sockets of the dialer', async () => {
    const target = {
      config: {
        host: '127.0.0.1',
        port: Number(env['ORACLE_PORT']),
        service_name: 'shop',
        username: env['ORACLE_USER'],
      },
      credentials: { auth_method: 'password', password: env['ORACLE_PASSWORD'] },
      options: { ssl_mode: 'disable' },
    };
    const { printed, stderr } = await runBundledConnector('oracle', { target, script });
    expect(printed).toEqual({
      version: expect.stringMatching(/^Oracle Database 19\.24/),
      kinds: {
        'CRM.CUSTOMERS': 'table',
        'SHOP.ORDERS': 'table',
        'SHOP.OPEN_ORDERS': 'view',
        'SHOP.ORDER_TOTALS': 'materialized_view',
      },
      refused: 'authentication-failed',
      // Every socket that the process connects: one for each of the two sessions.
      dialled: 2,
    });
    expect(stderr).toBe('');
  });
}

const script = `
  let dialled = 0;
  const dialling = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...to) {
    dialled += 1;
    return dialling.apply(this, to);
  };
  const session = await open(target, dialer);
  const version = await session.ping();
  const wanted = ['CUSTOMERS', 'ORDERS', 'OPEN_ORDERS', 'ORDER_TOTALS'];
  const tables = (await tablesOf(session)).filter(({ name }) => wanted.includes(name));
  const kinds = Object.fromEntries(tables.map(({ schema, name, kind }) => [schema + '.' + name, kind]));
  await session[Symbol.asyncDispose]();
  const wrong = { ...target, credentials: { ...target.credentials, password: 'never-the-right-one' } };
  const { code: refused } = await open(wrong, dialer).catch(failure);
  console.log(JSON.stringify({ version, kinds, refused, dialled }));
`;
