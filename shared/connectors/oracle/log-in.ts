import { isIP } from 'node:net';
import type { Connection } from 'oracledb';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import { findOracleSocketProblem } from './guard.ts';
import { oracleLogins } from './logins.ts';
import type { OracleTarget } from './config.ts';
import {
  oracleSocketSources,
  openOracleTransport,
  patchOracleDriver,
  createOracleTransport,
} from './transport.ts';
import type { OracleTransport } from './transport.ts';

export interface OracleLogin {
  readonly connection: Connection;
  readonly transport: OracleTransport;
}

export const logInToOracle = async (
  first: OracleTransport,
  config: OracleTarget['config'],
  password: string,
  dialer: Dialer,
): Promise<OracleLogin> => {
  const oracledb = (await import('oracledb')).default;
  await patchOracleDriver();
  let transport = first;
  let hasDialed = false;
  let renewals = 0;
  let firstError: unknown;
  const trackTransport = async (work: () => Promise<OracleTransport>): Promise<OracleTransport> => {
    try {
      transport = await work();
      dialer.permitLogin(oracleLogins.password, { encrypted: 'encrypted' in transport.socket });
      return transport;
    } catch (error) {
      firstError ??= error;
      throw error;
    }
  };
  const address = first.raw.remoteAddress ?? config.host;
  const host = isIP(address) === 6 ? `[${address}]` : address; // an IP address, so that the driver needs no DNS
  const connectData =
    config.service_name === undefined ? `(SID=${config.sid ?? ''})` : `(SERVICE_NAME=${config.service_name})`;
  try {
    const connection = await oracleSocketSources.run(
      {
        next: (to) =>
          trackTransport(async () => {
            if (hasDialed) return openOracleTransport(to, dialer); // a redirect, of which the driver follows two
            hasDialed = true;
            return first;
          }),
        again: (raw) =>
          trackTransport(async () => {
            if (++renewals > MAX_ORACLE_TLS_RENEWALS)
              throw new Problem(
                'protocol-mismatch',
                `Expected at most ${MAX_ORACLE_TLS_RENEWALS} new TLS handshakes in a login`,
              );
            return createOracleTransport(raw, await dialer.tls(raw, config));
          }),
      },
      () =>
        oracledb.getConnection({
          user: config.username,
          password,
          connectString: `(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=${host})(PORT=${config.port}))(CONNECT_DATA=${connectData}))`,
          program: 'mooring',
          machine: 'mooring', // the default is the host name of the probe
          osUser: 'mooring',
          terminal: 'mooring',
          connectTimeout: 300, // the limit of the step is lower
          transportConnectTimeout: 300,
        }),
    );
    return { connection, transport };
  } catch (error) {
    const reason = firstError ?? findOracleSocketProblem(transport.socket);
    destroyOracleTransport(transport);
    throw reason ?? error;
  }
};

/** A listener requests a new TLS handshake at most once before a redirect, and the server at most once. */
const MAX_ORACLE_TLS_RENEWALS = 3;

export const destroyOracleTransport = ({ socket, raw }: OracleTransport): void => {
  socket.destroy();
  raw.destroy();
};
