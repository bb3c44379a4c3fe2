import type { Privileges, Target } from '../connector.ts';
import { grantsOf, isTable, unreadableIn } from './grants.ts';
import type { Grant } from './grants.ts';
import { quote, quoted } from './quote.ts';
import type { Ask, Settings, Standing } from './session.ts';

type Asked = Settings & { readonly purpose: Target['role'] };

/** Uses only SHOW: a test that resumes a warehouse would cost money, by the minute. */
export const privileges = async (ask: Ask, standing: Standing, asked: Asked): Promise<Privileges> => {
  const { role, user } = standing;
  if (role === null) {
    const grant = `ALTER USER ${quote(user)} SET DEFAULT_ROLE = …;`;
    return { missing: [{ what: 'a role', grant }], excess: [] };
  }
  if (administrators.has(role)) {
    const cure = `-- ${role} may do anything: make a role of its own and set config.role to it.`;
    return { missing: [], excess: [{ what: `role ${role}`, cure }] };
  }
  const grants = await grantsOf(ask, standing);
  const missing = [
    ...missingWarehouse(standing, asked, role),
    ...(asked.purpose === 'source'
      ? await missingToRead(ask, standing, grants, role)
      : missingToWrite(grants, standing, asked, role)),
  ];
  return { missing: missing.slice(0, most), excess: asked.purpose === 'source' ? beyond(grants) : [] };
};

/** https://docs.snowflake.com/en/user-guide/security-access-control-overview#system-defined-roles */
const administrators: ReadonlySet<string> = new Set([
  'ACCOUNTADMIN',
  'GLOBALORGADMIN',
  'ORGADMIN',
  'SECURITYADMIN',
  'SYSADMIN',
  'USERADMIN',
]);

/** People read the remediation, so it must stay short. */
const most = 20;

type Lacking = Privileges['missing'][number];

const missingWarehouse = ({ warehouse, user }: Standing, asked: Asked, role: string): readonly Lacking[] => {
  if (warehouse !== null) return [];
  return asked.warehouse === undefined
    ? [{ what: 'a warehouse', grant: `ALTER USER ${quote(user)} SET DEFAULT_WAREHOUSE = …;` }]
    : [
        {
          what: `USAGE on warehouse ${asked.warehouse}`,
          grant: `GRANT USAGE ON WAREHOUSE ${quote(asked.warehouse)} TO ROLE ${quote(role)};`,
        },
      ];
};

const missingToRead = async (
  ask: Ask,
  { database }: Standing,
  grants: readonly Grant[],
  role: string,
): Promise<readonly Lacking[]> => {
  if (database === null) return [];
  if (!(await seesAny(ask, database))) {
    const grant = readingOf(database, role);
    return [{ what: `SELECT on the tables of database ${database}`, grant }];
  }
  return unreadableIn(grants, database).map(({ name }) => ({
    what: `SELECT on ${name}`,
    grant: `GRANT SELECT ON ${name} TO ROLE ${quote(role)};`,
  }));
};

/** Renders the grants that let a role read everything that is now in a database. */
export const readingOf = (database: string, role: string): string => {
  const to = `IN DATABASE ${quote(database)} TO ROLE ${quote(role)};`;
  return [
    `GRANT USAGE ON ALL SCHEMAS ${to}`,
    `GRANT SELECT ON ALL TABLES ${to}`,
    `GRANT SELECT ON ALL VIEWS ${to}`,
  ].join('\n');
};

const seesAny = async (ask: Ask, database: string): Promise<boolean> => {
  for await (const row of ask(`show objects in database ${quoted(database)} limit 100`)) {
    if (row['schema_name']?.toUpperCase() !== 'INFORMATION_SCHEMA') return true;
  }
  return false;
};

const missingToWrite = (
  grants: readonly Grant[],
  { database }: Standing,
  { schema }: Asked,
  role: string,
): readonly Lacking[] => {
  if (database === null) return [];
  const held = (privilege: string) =>
    grants.some(
      ({ on, parts, privilege: some }) =>
        on === 'SCHEMA' &&
        parts[0] === database &&
        parts[1] === schema &&
        [privilege, 'OWNERSHIP', 'ALL'].includes(some),
    );
  return ['USAGE', 'CREATE TABLE']
    .filter((privilege) => !held(privilege))
    .map((privilege) => ({
      what: `${privilege} on schema ${schema}`,
      grant: `GRANT ${privilege} ON SCHEMA ${quote(database)}.${quote(schema)} TO ROLE ${quote(role)};`,
    }));
};

const beyond = (grants: readonly Grant[]): Privileges['excess'] => {
  const some = grants.filter(({ privilege, on }) => isBeyondReading(privilege, on));
  return some.slice(0, most).map(({ privilege, on, name, to }) => ({
    what: `${privilege} on ${on.toLowerCase()} ${name}`,
    cure:
      privilege === 'OWNERSHIP'
        ? `-- ${oneLine(to)} owns ${oneLine(name)}: use a role that owns nothing.`
        : `REVOKE ${privilege} ON ${on === 'ACCOUNT' ? 'ACCOUNT' : `${on} ${name}`} FROM ROLE ${quote(to)};`,
  }));
};

/** Keeps a comment on one line, whatever names it contains: a second line would run as a statement. */
const oneLine = (text: string) => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');

const isBeyondReading = (privilege: string, on: string): boolean =>
  (isTable(on) && ['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'OWNERSHIP'].includes(privilege)) ||
  (['SCHEMA', 'DATABASE', 'ACCOUNT', 'WAREHOUSE'].includes(on) &&
    /^(OWNERSHIP|CREATE .*|MODIFY.*|MANAGE .*|ALL.*)$/.test(privilege));
