import type { Privileges, SessionTarget } from '../connector.ts';
import { createGrantStatements, renderSqlComment } from '../sql/grant-statements.ts';
import { listSnowflakeGrants, isTableOrView, listUnreadableTables } from './grants.ts';
import type { SnowflakeGrant } from './grants.ts';
import { quoteSnowflakeName, quoteSnowflakePath } from './quote.ts';
import type { SnowflakeTarget } from './config.ts';
import type { SnowflakeContext, SnowflakeQuery } from './session-context.ts';

type SnowflakePrivilegeInput = SnowflakeTarget['config'] & { readonly purpose: SessionTarget['role'] };

/** Uses only SHOW: a test that resumes a warehouse would cost money, by the minute. */
export const readSnowflakePrivileges = async (
  ask: SnowflakeQuery,
  context: SnowflakeContext,
  input: SnowflakePrivilegeInput,
): Promise<Privileges> => {
  const { role, user } = context;
  if (role === null) {
    const grant = `ALTER USER ${quoteSnowflakeName(user)} SET DEFAULT_ROLE = …;`;
    return { missing: [{ what: 'a role', grant }], excess: [] };
  }
  if (snowflakeAdminRoles.has(role)) {
    const comment = `${role} is an administrative role. Create a role that can only read, and set config.role to it.`;
    return { missing: [], excess: [{ what: `role ${role}`, revoke: renderSqlComment(comment) }] };
  }
  const grants = await listSnowflakeGrants(ask, context);
  const missing = listMissingWarehouse(context, input, role);
  return input.purpose === 'source'
    ? {
        missing: [...missing, ...(await listMissingSnowflakeReads(ask, context, grants, role))],
        excess: grants.flatMap(toSnowflakeExcess),
      }
    : { missing: [...missing, ...listMissingSnowflakeWrites(grants, context, input, role)], excess: [] };
};

/** https://docs.snowflake.com/en/user-guide/security-access-control-overview#system-defined-roles */
const snowflakeAdminRoles: ReadonlySet<string> = new Set([
  'ACCOUNTADMIN',
  'GLOBALORGADMIN',
  'ORGADMIN',
  'SECURITYADMIN',
  'SYSADMIN',
  'USERADMIN',
]);

type SnowflakeMissingPrivilege = Privileges['missing'][number];

const listMissingWarehouse = (
  { warehouse, user }: SnowflakeContext,
  input: SnowflakePrivilegeInput,
  role: string,
): readonly SnowflakeMissingPrivilege[] => {
  if (warehouse !== null) return [];
  if (input.warehouse === undefined) {
    const grant = `ALTER USER ${quoteSnowflakeName(user)} SET DEFAULT_WAREHOUSE = …;`;
    return [{ what: 'a warehouse', grant }];
  }
  const on = `WAREHOUSE ${quoteSnowflakeName(input.warehouse)}`;
  return [createRoleStatements(role).grant('USAGE', on, `warehouse ${input.warehouse}`)];
};

const createRoleStatements = (role: string) => createGrantStatements(`ROLE ${quoteSnowflakeName(role)}`);

const listMissingSnowflakeReads = async (
  ask: SnowflakeQuery,
  { database }: SnowflakeContext,
  grants: readonly SnowflakeGrant[],
  role: string,
): Promise<readonly SnowflakeMissingPrivilege[]> => {
  if (database === null) return [];
  if (!(await canSeeObjects(ask, database))) {
    const grant = renderSnowflakeReadGrant(database, role);
    return [{ what: `SELECT on the tables of database ${database}`, grant }];
  }
  const { grant } = createRoleStatements(role);
  return listUnreadableTables(grants, database).map(({ name }) => grant('SELECT', name));
};

/** Renders the grants that let a role read everything that is now in a database. */
export const renderSnowflakeReadGrant = (database: string, role: string): string => {
  const to = `IN DATABASE ${quoteSnowflakeName(database)} TO ROLE ${quoteSnowflakeName(role)};`;
  return [
    `GRANT USAGE ON ALL SCHEMAS ${to}`,
    `GRANT SELECT ON ALL TABLES ${to}`,
    `GRANT SELECT ON ALL VIEWS ${to}`,
  ].join('\n');
};

const canSeeObjects = async (ask: SnowflakeQuery, database: string): Promise<boolean> => {
  for await (const row of ask(`show objects in database ${quoteSnowflakePath(database)} limit 100`)) {
    if (row['schema_name']?.toUpperCase() !== 'INFORMATION_SCHEMA') return true;
  }
  return false;
};

const listMissingSnowflakeWrites = (
  grants: readonly SnowflakeGrant[],
  { database }: SnowflakeContext,
  { schema }: SnowflakePrivilegeInput,
  role: string,
): readonly SnowflakeMissingPrivilege[] => {
  if (database === null) return [];
  const isGranted = (privilege: string) =>
    grants.some(
      ({ on, parts, privilege: some }) =>
        on === 'SCHEMA' &&
        parts[0] === database &&
        parts[1] === schema &&
        [privilege, 'OWNERSHIP', 'ALL'].includes(some),
    );
  const on = `SCHEMA ${quoteSnowflakeName(database)}.${quoteSnowflakeName(schema)}`;
  const { grant } = createRoleStatements(role);
  return ['USAGE', 'CREATE TABLE']
    .filter((privilege) => !isGranted(privilege))
    .map((privilege) => grant(privilege, on, `schema ${schema}`));
};

const toSnowflakeExcess = ({ privilege, on, name, to }: SnowflakeGrant): Privileges['excess'] => {
  if (!isMoreThanReading(privilege, on)) return [];
  const subject = `${on.toLowerCase()} ${name}`;
  if (privilege === 'OWNERSHIP') {
    const comment = `The role ${to} owns ${name}. Use a role that owns no objects.`;
    return [{ what: `${privilege} on ${subject}`, revoke: renderSqlComment(comment) }];
  }
  return [createRoleStatements(to).revoke(privilege, on === 'ACCOUNT' ? on : `${on} ${name}`, subject)];
};

const isMoreThanReading = (privilege: string, on: string): boolean =>
  (isTableOrView(on) && ['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'OWNERSHIP'].includes(privilege)) ||
  (['SCHEMA', 'DATABASE', 'ACCOUNT', 'WAREHOUSE'].includes(on) &&
    /^(OWNERSHIP|CREATE .*|MODIFY.*|MANAGE .*|ALL.*)$/.test(privilege));
