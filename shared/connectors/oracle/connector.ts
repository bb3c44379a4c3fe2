import * as v from 'valibot';
import { defineConnector, createLazyParser } from '../connector.ts';
import { HostField, NameField, NamesField, PortField, SecretField } from '../fields.ts';
import { exactNames } from '../name-rules.ts';

/** The driver puts the name into a descriptor, so it must not contain brackets or equals signs. */
const OracleServiceName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_$#][A-Za-z0-9_.$#-]{0,254}$/, 'a name of letters, digits and _ . $ # -'),
);

/**
 * Not verified against an Oracle Database. Tests use the real driver with a scripted listener for logins, and with SQLite tables that have the
 * names and columns of the data dictionary for statements. The content of the dictionary's views follows Oracle's documentation.
 */
export const oracle = defineConnector({
  title: 'Oracle Database',
  driver: 'oracledb',
  defaultPort: 1521,
  minimum: '12.1',
  config: v.pipe(
    v.strictObject({
      host: HostField,
      port: v.optional(PortField, 1521),
      service_name: v.exactOptional(OracleServiceName),
      /** For old databases. A pluggable database has no SID of its own. */
      sid: v.exactOptional(OracleServiceName),
      username: NameField,
      schemas: v.exactOptional(NamesField),
    }),
    v.forward(
      v.check(
        ({ service_name, sid }) => (service_name === undefined) !== (sid === undefined),
        'one of service_name and sid',
      ),
      ['service_name'],
    ),
    v.metadata({ oneOf: [{ required: ['service_name'] }, { required: ['sid'] }] }),
  ),
  credentials: { password: v.strictObject({ password: SecretField }) },
  // A listener forwards the login to the database that has the service name or SID.
  destination: ['host', 'port', 'service_name', 'sid', 'username'],
  strength: { auth_method: 'exact' },
  reach: ({ host, port }) => ({ named: [{ places: [{ host, port }] }] }),
  autocomplete: ['schemas', 'tables', 'columns'],
  names: exactNames,
  loadQuote: async () => (await import('./quote.ts')).quoteOracleName,
  loadTypeNames: async () => (await import('./type-names.ts')).oracleTypeNames,
  connectionString: createLazyParser(
    ['oracle'],
    async () => (await import('./connection-string.ts')).oracleConnectionStrings,
  ),
  load: async () => (await import('./session.ts')).oracleSessionModule,
});
