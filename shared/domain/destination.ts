import { createHash } from 'node:crypto';
import { sslModes, type Connector } from '../connectors/connector.ts';
import type { Destination, StoredConnection } from './connection.ts';

type Destined = Pick<StoredConnection, 'config' | 'options' | 'ssl'>;

/** Everything that decides who will see the credentials: a change of any of it needs them sent again. */
export const destinationOf = (connector: Connector, { config, options, ssl }: Destined): Destination => ({
  ...Object.fromEntries(
    connector.destination
      .filter((field) => config[field] !== undefined && config[field] !== null)
      .map((field) => [
        field,
        typeof config[field] === 'string' ? config[field] : JSON.stringify(config[field]),
      ]),
  ),
  ...(ssl.ca !== null && { ca_sha256: sha256(ssl.ca) }),
  ssl_mode: options.ssl_mode,
});

/** Whether credentials bound to one destination may be sent to another: the same in all, and TLS no weaker. */
export const mayGoTo = (bound: Destination, now: Destination): boolean => {
  const { ssl_mode: boundMode, ...boundFields } = bound;
  const { ssl_mode: mode, ...fields } = now;
  return (
    sslModes.indexOf(mode) >= sslModes.indexOf(boundMode) &&
    Object.keys(fields).length === Object.keys(boundFields).length &&
    Object.entries(fields).every(([name, value]) => boundFields[name] === value)
  );
};

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
