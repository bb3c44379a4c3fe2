import { isIP } from 'node:net';
import type { Connection } from 'oracledb';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import { faultOf } from './guard.ts';
import { logins } from './logins.ts';
import type { Settings } from './session.ts';
import { dialling, reach, takeOver, wayOver } from './transport.ts';
import type { Way } from './transport.ts';

export interface LoggedIn {
  readonly connection: Connection;
  readonly way: Way;
}

export const logIn = async (
  first: Way,
  config: Settings,
  password: string,
  dialer: Dialer,
): Promise<LoggedIn> => {
  const oracledb = (await import('oracledb')).default;
  await takeOver();
  let way = first;
  let dialled = false;
  let renewed = 0;
  let fault: unknown;
  const kept = async (work: () => Promise<Way>): Promise<Way> => {
    try {
      way = await work();
      dialer.permitLogin(logins.password, { encrypted: 'encrypted' in way.socket });
      return way;
    } catch (error) {
      fault ??= error;
      throw error;
    }
  };
  const address = first.raw.remoteAddress ?? config.host;
  const host = isIP(address) === 6 ? `[${address}]` : address; // an IP address, so that the driver needs no DNS
  const data =
    config.service_name === undefined ? `(SID=${config.sid ?? ''})` : `(SERVICE_NAME=${config.service_name})`;
  try {
    const connection = await dialling.run(
      {
        next: (to) =>
          kept(async () => {
            if (dialled) return reach(to, dialer); // a redirect, of which the driver follows two
            dialled = true;
            return first;
          }),
        again: (raw) =>
          kept(async () => {
            if (++renewed > mostRenewals)
              throw new Problem(
                'protocol-mismatch',
                'Expected a server, not one that begins again and again',
              );
            return wayOver(raw, await dialer.tls(raw, config));
          }),
      },
      () =>
        oracledb.getConnection({
          user: config.username,
          password,
          connectString: `(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=${host})(PORT=${config.port}))(CONNECT_DATA=${data}))`,
          program: 'mooring',
          machine: 'mooring', // the default is the host name of the probe
          osUser: 'mooring',
          terminal: 'mooring',
          connectTimeout: 300, // the limit of the step is lower
          transportConnectTimeout: 300,
        }),
    );
    return { connection, way };
  } catch (error) {
    const ours = fault ?? faultOf(way.socket);
    hangUp(way);
    throw ours ?? error;
  }
};

/** A listener requests a new TLS handshake at most once before a redirect, and the server at most once. */
const mostRenewals = 3;

export const hangUp = ({ socket, raw }: Way): void => {
  socket.destroy();
  raw.destroy();
};
