import { createConnectionUrlParser } from '../input/connection-url.ts';
import { oracleOptions } from '../input/known-options.ts';

/** `oracle://user:password@host:port/service_name`, or with `?sid=` instead of the service. Descriptors, aliases and wallets are not supported. */
export const oracleConnectionStrings = createConnectionUrlParser({
  schemes: ['oracle'],
  address: 'username:password@host:port/service_name',
  options: { service_name: 'service_name', sid: 'sid', connect_timeout: { timeout: 'seconds' } },
  clients: oracleOptions,
  spelling: 'any-case',
  exclusive: [['service_name', 'sid']],
});
