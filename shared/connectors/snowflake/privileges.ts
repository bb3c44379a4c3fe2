import type { Privileges, SessionTarget } from '../connector.ts';
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
    const cure = `-- ${role} may do anything: make a role of its own and set config.role to it.`;
    return { missing: [], excess: [{ what: `role ${role}`, cure }] };
  }
  const grants = await listSnowflakeGrants(ask, context);
  const missing = [
    ...listMissingWarehouse(context, input, role),
    ...(input.purpose === 'source'
      ? await listMissingSnowflakeReads(ask, context, grants, role)
      : listMissingSnowflakeWrites(grants, context, input, role)),
  ];
  return {
    missing: missing.slice(0, MAX_SNOWFLAKE_PRIVILEGES),
    excess: input.purpose === 'source' ? listSnowflakeExcess(grants) : [],
  };
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

/** People read the remediation, so it must stay short. */
const MAX_SNOWFLAKE_PRIVILEGES = 20;

type SnowflakeMissingPrivilege = Privileges['missing'][number];

const listMissingWarehouse = (
  { warehouse, user }: SnowflakeContext,
  input: SnowflakePrivilegeInput,
  role: string,
): readonly SnowflakeMissingPrivilege[] => {
  if (warehouse !== null) return [];
  return input.warehouse === undefined
    ? [{ what: 'a warehouse', grant: `ALTER USER ${quoteSnowflakeName(user)} SET DEFAULT_WAREHOUSE = …;` }]
    : [
        {
          what: `USAGE on warehouse ${input.warehouse}`,
          grant: `GRANT USAGE ON WAREHOUSE ${quoteSnowflakeName(input.warehouse)} TO ROLE ${quoteSnowflakeName(role)};`,
        },
      ];
};

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
  return listUnreadableTables(grants, database).map(({ name }) => ({
    what: `SELECT on ${name}`,
    grant: `GRANT SELECT ON ${name} TO ROLE ${quoteSnowflakeName(role)};`,
  }));
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
  return ['USAGE', 'CREATE TABLE']
    .filter((privilege) => !isGranted(privilege))
    .map((privilege) => ({
      what: `${privilege} on schema ${schema}`,
      grant: `GRANT ${privilege} ON SCHEMA ${quoteSnowflakeName(database)}.${quoteSnowflakeName(schema)} TO ROLE ${quoteSnowflakeName(role)};`,
    }));
};

const listSnowflakeExcess = (grants: readonly SnowflakeGrant[]): Privileges['excess'] => {
  const some = grants.filter(({ privilege, on }) => isMoreThanReading(privilege, on));
  return some.slice(0, MAX_SNOWFLAKE_PRIVILEGES).map(({ privilege, on, name, to }) => ({
    what: `${privilege} on ${on.toLowerCase()} ${name}`,
    cure:
      privilege === 'OWNERSHIP'
        ? `-- ${toOneLine(to)} owns ${toOneLine(name)}: use a role that owns nothing.`
        : `REVOKE ${privilege} ON ${on === 'ACCOUNT' ? 'ACCOUNT' : `${on} ${name}`} FROM ROLE ${quoteSnowflakeName(to)};`,
  }));
};

/** Keeps a comment on one line, whatever names it contains: a second line would run as a statement. */
const toOneLine = (text: string) => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');

const isMoreThanReading = (privilege: string, on: string): boolean =>
  (isTableOrView(on) && ['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'OWNERSHIP'].includes(privilege)) ||
  (['SCHEMA', 'DATABASE', 'ACCOUNT', 'WAREHOUSE'].includes(on) &&
    /^(OWNERSHIP|CREATE .*|MODIFY.*|MANAGE .*|ALL.*)$/.test(privilege));
