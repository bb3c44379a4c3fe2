import type { SessionTarget } from '../../shared/connectors/connector.ts';
import type { SourceSessionOptions } from '../../shared/connectors/run-source-test.ts';
import { pem } from '../network/servers.ts';

type Mode = SourceSessionOptions['tlsSettings']['mode'];

export const buildOracleTarget = (
  port: number,
  config: object = {},
  password = 'p@ss:w/rd#1%',
  mode: Mode = 'disable',
): SessionTarget => ({
  config: { host: 'localhost', port, service_name: 'shop', username: 'mooring_reader', ...config },
  credentials: { auth_method: 'password', password },
  options: { ssl_mode: mode, query_timeout_seconds: 5 },
  role: 'source',
});

export const buildOracleSessionOptions = (
  mode: Mode,
  ca = 'ca.crt',
  seconds = 5,
  policy: object = {},
): SourceSessionOptions => ({
  policy: { loopback: true, ...policy },
  environment: 'default',
  tlsSettings: { mode, ca: pem(ca) },
  options: { connection_timeout_seconds: seconds },
});

/** A REDIRECT packet of TNS: https://github.com/oracle/node-oracledb/blob/main/lib/thin/sqlnet/packet.js */
export const encodeOracleRedirect = (address: string): Buffer => {
  const words = Buffer.from(address);
  const head = Buffer.from([0, 0, 0, 0, 5, 0, 0, 0, 0, 0]);
  head.writeUInt16BE(10 + words.length, 0);
  head.writeUInt16BE(words.length, 8);
  return Buffer.concat([head, words]);
};
