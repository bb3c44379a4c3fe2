import * as v from 'valibot';
import { defineConnector, lateParser } from '../connector.ts';
import { Host, Name, Port, Secret } from '../fields.ts';
import { quote } from './quote.ts';

/** Part of a URL at Microsoft: a directory's id, or one of its domains. */
const Tenant = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/, 'the id or a domain of an Entra directory'),
);
const Uuid = v.pipe(v.string(), v.regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, 'a UUID'));

/** Tried on a stand-in that speaks TDS, never on a SQL Server or an Azure SQL. */
export const sqlserver = defineConnector({
  title: 'SQL Server',
  driver: 'tedious',
  defaultPort: 1433,
  minimum: '2016',
  config: v.strictObject({
    host: Host,
    port: v.optional(Port, 1433),
    database: Name,
    /** With Entra, which knows the application by its `client_id`, a name to read and no more. */
    username: Name,
  }),
  credentials: {
    password: v.strictObject({ password: Secret }),
    /** An application of Microsoft Entra, which Azure SQL knows as a user; its token is asked for at Microsoft's own host. */
    entra: v.strictObject({ tenant_id: Tenant, client_id: Uuid, client_secret: Secret }),
  },
  destination: ['host', 'port', 'username'],
  autocomplete: ['schemas', 'tables', 'columns'],
  quote,
  connectionString: lateParser(['sqlserver'], () => import('./connection-string.ts')),
  load: () => import('./session.ts'),
});
