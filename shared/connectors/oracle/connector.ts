import * as v from 'valibot';
import { defineConnector, lateParser } from '../connector.ts';
import { Host, Name, Names, Port, Secret } from '../fields.ts';
import { quote } from './quote.ts';

/** What stands between brackets and signs of equality in the descriptor that the driver sends: none of those may be in it. */
const Service = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_$#][A-Za-z0-9_.$#-]{0,254}$/, 'a name of letters, digits and _ . $ # -'),
);

/**
 * Logins were tried against a scripted listener; no statement of it ever ran on an Oracle Database: introspection and privileges follow its
 * documentation.
 */
export const oracle = defineConnector({
  title: 'Oracle Database',
  driver: 'oracledb',
  defaultPort: 1521,
  minimum: '12.1',
  config: v.strictObject({
    host: Host,
    port: v.optional(Port, 1521),
    /** One of the two says which database; where both are there, `service_name` does. */
    service_name: v.exactOptional(Service),
    sid: v.exactOptional(Service),
    username: Name,
    schemas: v.exactOptional(Names),
  }),
  credentials: { password: v.strictObject({ password: Secret }) },
  destination: ['host', 'port', 'username'],
  autocomplete: ['schemas', 'tables', 'columns'],
  quote,
  connectionString: lateParser(['oracle'], () => import('./connection-string.ts')),
  load: () => import('./session.ts'),
});
