import * as v from 'valibot';
import { defineConnector, lateParser } from '../connector.ts';
import { namesInAnyCase } from '../names.ts';
import { authority } from './authority.ts';
import { Host, Name, Port, Secret } from '../fields.ts';

/** Part of a URL at Microsoft: a directory's id, or one of its domains. */
const Tenant = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/, 'the id or a domain of an Entra directory'),
);
const Uuid = v.pipe(v.string(), v.regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, 'a UUID'));

/** Other letters than these are asked for in the server's own code page: such an instance goes by its port. https://learn.microsoft.com/sql/sql-server/install/instance-configuration */
const Instance = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z_][A-Za-z0-9_$]{0,15}$/, 'up to 16 letters, digits and _ $, no digit or $ first'),
);

/** Tried on a stand-in that speaks TDS, never on a SQL Server or an Azure SQL. */
export const sqlserver = defineConnector({
  title: 'SQL Server',
  driver: 'tedious',
  defaultPort: 1433,
  minimum: '2016',
  config: v.pipe(
    v.strictObject({
      host: Host,
      port: v.exactOptional(v.pipe(Port, v.metadata({ description: '1433 where no instance is named' }))),
      /** Its port is asked for at SQL Server Browser (UDP 1434) on the same host. */
      instance: v.exactOptional(Instance),
      database: Name,
      /** With Entra, which knows the application by its `client_id`, a name to read and no more. */
      username: Name,
    }),
    v.forward(
      v.check(
        ({ port, instance }) => port === undefined || instance === undefined,
        'a port or an instance, not both (null takes one away)',
      ),
      ['instance'],
    ),
    v.metadata({ not: { required: ['port', 'instance'] } }),
    v.transform((config) => (config.instance === undefined ? { port: 1433, ...config } : config)),
  ),
  credentials: {
    password: v.strictObject({ password: Secret }),
    /** An application of Microsoft Entra, which Azure SQL knows as a user; its token is asked for at Microsoft's own host. */
    entra: v.strictObject({ tenant_id: Tenant, client_id: Uuid, client_secret: Secret }),
  },
  destination: ['host', 'port', 'instance', 'username'],
  strength: { auth_method: 'exact', tenant_id: 'exact', client_id: 'exact' },
  reach: ({ host, port, instance }) => ({
    named: [{ places: [{ host, ...(port !== undefined && { port }) }] }],
    ...(instance !== undefined && { bareEntry: 'any-port' }),
    includes: (other, at) => at === 443 && other === authority,
  }),
  autocomplete: ['schemas', 'tables', 'columns'],
  // As most collations do; the server says what the database's own does.
  names: namesInAnyCase,
  loadQuote: async () => (await import('./quote.ts')).quote,
  loadTypeNames: async () => (await import('./type-names.ts')).typeNames,
  connectionString: lateParser(['sqlserver', 'jdbc:sqlserver'], () => import('./connection-string.ts')),
  load: () => import('./session.ts'),
});
