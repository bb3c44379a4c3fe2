import { expect, test } from '@jest/globals';
import { reach } from '../engines/reach.ts';
import { runFromBundle } from './from-bundle.ts';

const env = reach('oracle');
if (env) {
  test('a session of Oracle reads a catalog from the bundle of the probe, over sockets that it is given', async () => {
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
    const { printed, stderr } = await runFromBundle('oracle', { target, script });
    expect(printed).toEqual({
      version: expect.stringMatching(/^Oracle Database 19\.24/),
      kinds: {
        'CRM.CUSTOMERS': 'table',
        'SHOP.ORDERS': 'table',
        'SHOP.OPEN_ORDERS': 'view',
        'SHOP.ORDER_TOTALS': 'materialized_view',
      },
      refused: 'authentication-failed',
      // A dial that was not the driver's would not be among these.
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
