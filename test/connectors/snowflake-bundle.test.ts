import { expect, test } from '@jest/globals';
import { reach } from '../engines/reach.ts';
import { runBundledConnector } from './bundled-probe.ts';

const env = reach('snowflake');
if (env)
  test('the probe bundle reads a Snowflake catalog, and opens no socket without the dialer', async () => {
    const target = {
      config: {
        account: env?.['SNOWFLAKE_ACCOUNT'],
        username: env?.['SNOWFLAKE_USER'],
        database: env?.['SNOWFLAKE_DATABASE'],
        schema: 'PUBLIC',
      },
      credentials: { auth_method: 'password', password: env?.['SNOWFLAKE_PASSWORD'] },
      options: { ssl_mode: 'require' },
      endpoint: env?.['SNOWFLAKE_URL'],
    };
    const { printed } = await runBundledConnector('snowflake', {
      target,
      before: tellingOthers,
      dialer: 'tls: (socket) => secured({ socket, rejectUnauthorized: false }),',
      script: `
        const { version, tables } = await read();
        console.log(JSON.stringify({ version, tables: tables.length, others }));
      `,
    });
    expect(printed).toEqual({ version: 'Snowflake 10.0.0', tables: 3, others: [] });
  });

/** Records every connection that bypasses the dialer. */
const tellingOthers = `
  const others = [];
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (...to) {
    if (!sockets.includes(this)) others.push(JSON.stringify(to));
    return connect.apply(this, to);
  };
`;
