import { createConnectionUrlParser } from '../input/connection-url.ts';
import { clickhouseOptions } from '../input/known-options.ts';

export const clickhouseConnectionStrings = createConnectionUrlParser({
  schemes: ['clickhouse', 'clickhousedb', 'clickhouse+http', 'jdbc:clickhouse', 'jdbc:ch'],
  address: 'username:password@host:port/database',
  plainPort: 8123,
  options: {
    'secure ssl tls': { values: { 'true 1': 'verify-full', 'false 0': 'disable' } },
    verify: { values: { 'true 1': 'verify-full', 'false 0': { most: 'require' } } },
    sslmode: { values: { strict: 'verify-full', none: { most: 'require' } } },
    'connect_timeout dial_timeout': { timeout: 'seconds' },
  },
  ignored: 'compress compression client_name send_receive_timeout socket_timeout protocol',
  clients: clickhouseOptions,
});
