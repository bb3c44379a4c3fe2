import * as v from 'valibot';
import { HostField, NameField, PortField, SecretField } from '../input/fields.ts';
import type { ConnectorTarget } from '../connector.ts';

/** The ID or a domain of a Microsoft Entra tenant. It becomes part of a URL. */
const EntraTenant = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/, 'the ID or a domain of a Microsoft Entra tenant'),
);

const EntraClientId = v.pipe(
  v.string(),
  v.regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, 'a UUID'),
);

/**
 * SQL Server Browser expects other letters in the server's own code page: an instance with such a name must be given by its port.
 * https://learn.microsoft.com/sql/sql-server/install/instance-configuration
 */
const SqlserverInstance = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z_][A-Za-z0-9_$]{0,15}$/, '1 to 16 letters, digits, _ or $, starting with a letter or _'),
);

export const sqlserverConfig = v.pipe(
  v.strictObject({
    host: HostField,
    port: v.exactOptional(
      v.pipe(PortField, v.metadata({ description: '1433 by default, unless instance is set' })),
    ),
    /** SQL Server Browser (UDP 1434) on the same host gives its port. */
    instance: v.exactOptional(SqlserverInstance),
    database: NameField,
    /** With Entra, only shown: `client_id` identifies the application. */
    username: NameField,
  }),
  v.forward(
    v.check(
      ({ port, instance }) => port === undefined || instance === undefined,
      'port or instance, not both; send null to remove one of them',
    ),
    ['instance'],
  ),
  v.metadata({ not: { required: ['port', 'instance'] } }),
  v.transform((config) => (config.instance === undefined ? { port: 1433, ...config } : config)),
);

export const sqlserverCredentials = {
  password: v.strictObject({ password: SecretField }),
  /** An application of Microsoft Entra that is a user in Azure SQL. Microsoft's own host issues its token. */
  entra: v.strictObject({ tenant_id: EntraTenant, client_id: EntraClientId, client_secret: SecretField }),
};

export type SqlserverTarget = ConnectorTarget<typeof sqlserverConfig, typeof sqlserverCredentials>;
