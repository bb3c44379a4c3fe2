import { describe, expect, test } from '@jest/globals';
import { readOraclePrivileges } from '../../shared/connectors/oracle/privileges.ts';
import { buildOracleSchemasQuery } from '../../shared/connectors/oracle/absent-schemas.ts';
import { buildOracleCatalogQueries } from '../../shared/connectors/oracle/queries.ts';
import type { OracleQuery } from '../../shared/connectors/oracle/queries.ts';

/**
 * The documented columns of each dictionary view that the queries use, from the reference of Oracle 12.1. The
 * queries have not run on an Oracle Database, and one unknown column would fail all of them.
 * https://docs.oracle.com/database/121/REFRN/
 */
const documented: Readonly<Record<string, string>> = {
  all_tables: 'owner table_name num_rows nested secondary dropped iot_type',
  all_views: 'owner view_name',
  all_mviews: 'owner mview_name',
  all_mview_comments: 'owner mview_name comments',
  all_external_tables: 'owner table_name',
  all_tab_cols:
    'owner table_name column_name data_type data_length char_length char_used data_precision data_scale nullable column_id virtual_column identity_column data_default hidden_column',
  all_tab_comments: 'owner table_name comments',
  all_col_comments: 'owner table_name column_name comments',
  all_constraints:
    'owner constraint_name table_name constraint_type r_owner r_constraint_name status validated',
  all_cons_columns: 'owner constraint_name column_name position',
  all_indexes: 'owner index_name table_owner table_name uniqueness status funcidx_status',
  all_ind_partitions: 'index_owner index_name status',
  all_ind_subpartitions: 'index_owner index_name status',
  all_objects: 'owner object_name object_type status',
  all_ind_columns: 'index_owner index_name table_owner column_name column_position',
  all_users: 'username oracle_maintained',
  all_tab_privs: 'grantee table_schema table_name privilege',
  session_privs: 'privilege',
  session_roles: 'role',
};
const keywords = new Set(
  'all select from where and or not in is null like as order by union with on join left exists distinct count upper'.split(
    ' ',
  ),
);

/** The names in a statement, without string literals and bind variables. */
const namesIn = ({ sql }: OracleQuery) =>
  (sql.replaceAll(/'[^']*'|:\w+/g, ' ').match(/[a-z_$#][\w$#]*(\.[a-z_]\w*)?/gi) ?? []).filter(
    (name) => !keywords.has(name),
  );

const everything = async (): Promise<readonly OracleQuery[]> => {
  const asked: OracleQuery[] = [];
  const run = async (query: OracleQuery) => {
    asked.push(query);
    return [];
  };
  await readOraclePrivileges(run, { username: 'reader', role: 'source' });
  await readOraclePrivileges(run, { username: 'reader', role: 'target' });
  for (const scope of [
    { excludedSchemas: [] },
    { schemas: ['HR', "O'X"], excludedSchemas: ['CRM'] },
    { schemas: [], excludedSchemas: [] },
  ])
    asked.push(...Object.values(buildOracleCatalogQueries(scope)));
  asked.push(buildOracleSchemasQuery(['HR', 'crm']));
  return asked;
};

describe('Oracle dictionary queries', () => {
  test('select only columns that the views of Oracle 12.1 have', async () => {
    for (const query of await everything()) {
      const views = query.sql
        .match(/\b(all|session|dba|user|v\$)_?\w+/g)
        ?.filter((name) => name in documented);
      expect(views?.length).toBeGreaterThan(0);
      const known = (views ?? []).flatMap((view) => documented[view]?.split(' ') ?? []);
      const aliases = [...query.sql.matchAll(/from (\w+) (\w)\b/g)].map(([, , alias]) => alias);
      for (const name of namesIn(query)) {
        const column = name.replace(/^\w\./, '');
        expect([...known, ...Object.keys(documented), ...aliases]).toContain(column);
      }
    }
  });

  test('bind exactly the names of their placeholders, and contain no value', async () => {
    for (const { sql, binds = {} } of await everything()) {
      expect([...new Set(sql.match(/(?<=:)\w+/g))].sort()).toEqual(Object.keys(binds).sort());
      expect(sql).not.toMatch(/O'X|CRM/);
      expect(sql.trim()).not.toMatch(/;$/); // the server rejects it as an invalid character
      // Oracle 12.1 limits names to 30 bytes, and rejects reserved words as names of binds.
      for (const name of namesIn({ sql })) expect(name.split('.').at(-1)?.length).toBeLessThanOrEqual(30);
      for (const name of Object.keys(binds)) expect(name).toMatch(/^(name|[sx]\d{1,3})$/);
    }
  });
});
