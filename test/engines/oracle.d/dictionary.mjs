// The dictionary: SQLite tables that have the names and columns of Oracle's views, with what one account would see in them.
// Columns: https://docs.oracle.com/database/121/REFRN/GUID-10024282-6729-4C66-8679-FD653C9C7DE7.htm (12.1), as far as anybody asks.
import { DatabaseSync } from 'node:sqlite';
import { accounts, sees } from './accounts.mjs';
import { tablesOf } from './shop.mjs';

const name = 'VARCHAR2(128)', flag = 'VARCHAR2(3)', number = 'NUMBER', long = 'LONG TEXT'; // which SQLite takes for a text
const views = {
  all_tables: { owner: name, table_name: name, tablespace_name: name, iot_name: name, status: flag, num_rows: number, blocks: number, avg_row_len: number, partitioned: flag, iot_type: name, temporary: flag, secondary: flag, nested: flag, dropped: flag },
  all_views: { owner: name, view_name: name, text_length: number, text: long, read_only: flag },
  all_mviews: { owner: name, mview_name: name, container_name: name, query: long },
  all_mview_comments: { owner: name, mview_name: name, comments: 'VARCHAR2(4000)' },
  all_external_tables: { owner: name, table_name: name, type_name: name },
  all_tab_cols: { owner: name, table_name: name, column_name: name, data_type: name, data_type_owner: name, data_length: number, data_precision: number, data_scale: number, nullable: 'VARCHAR2(1)', column_id: number, default_length: number, data_default: long, char_length: number, char_used: 'VARCHAR2(1)', hidden_column: flag, virtual_column: flag, identity_column: flag, internal_column_id: number },
  all_tab_comments: { owner: name, table_name: name, table_type: name, comments: 'VARCHAR2(4000)' },
  all_col_comments: { owner: name, table_name: name, column_name: name, comments: 'VARCHAR2(4000)' },
  all_constraints: { owner: name, constraint_name: name, constraint_type: 'VARCHAR2(1)', table_name: name, search_condition: long, r_owner: name, r_constraint_name: name, status: name, validated: name, index_owner: name, index_name: name },
  all_cons_columns: { owner: name, constraint_name: name, table_name: name, column_name: 'VARCHAR2(4000)', position: number },
  all_indexes: { owner: name, index_name: name, index_type: name, table_owner: name, table_name: name, table_type: name, uniqueness: name, status: name, funcidx_status: name, visibility: name },
  all_ind_partitions: { index_owner: name, index_name: name, partition_name: name, status: name },
  all_ind_subpartitions: { index_owner: name, index_name: name, partition_name: name, status: name },
  all_objects: { owner: name, object_name: name, object_type: name, status: name },
  all_ind_columns: { index_owner: name, index_name: name, table_owner: name, table_name: name, column_name: 'VARCHAR2(4000)', column_position: number, descend: flag },
  all_users: { username: name, user_id: number, common: flag, oracle_maintained: 'VARCHAR2(1)' },
  all_tab_privs: { grantor: name, grantee: name, table_schema: name, table_name: name, privilege: name, grantable: flag, hierarchy: flag },
  session_privs: { privilege: name },
  session_roles: { role: name },
  dual: { dummy: 'VARCHAR2(1)' },
};

const databases = new Map();

/** One database for each account of a service, made when it is first asked for; `ignoresCase` where texts compare so (NLS_COMP, NLS_SORT). */
export const dictionaryOf = (service, user, ignoresCase) => {
  const id = `${service} ${user} ${ignoresCase}`;
  if (!databases.has(id)) databases.set(id, fill(service, user, ignoresCase ? ' collate nocase' : ''));
  return databases.get(id);
};

const fill = (service, user, collation) => {
  const db = new DatabaseSync(':memory:');
  db.exec('pragma case_sensitive_like = on; begin');
  const into = Object.fromEntries(Object.entries(views).map(([view, columns]) => {
    db.exec(`create table ${view} (${Object.entries(columns).map(([column, type]) => `${column} ${type}${collation}`).join(', ')})`);
    const names = Object.keys(columns), insert = db.prepare(`insert into ${view} values (${names.map(() => '?').join(', ')})`);
    return [view, (row) => {
      for (const column of Object.keys(row)) if (!(column in columns)) throw new Error(`${view} has no ${column}`);
      insert.run(...names.map((column) => row[column] ?? null));
    }];
  }));
  const all = tablesOf[service](), own = all.filter((table) => sees(user, table));
  for (const table of own) furnish(into, table);
  for (const username of new Set(['SYS', 'SYSTEM', 'XDB', ...all.map(({ owner }) => owner), ...Object.keys(accounts)]))
    into.all_users({ username, user_id: 0, common: 'NO', oracle_maintained: ['SYS', 'SYSTEM', 'XDB'].includes(username) ? 'Y' : 'N' });
  const { system = [], roles = [], grants = {} } = accounts[user];
  for (const privilege of system) into.session_privs({ privilege });
  for (const role of roles) into.session_roles({ role });
  for (const [grantee, places] of Object.entries({ SELECT_CATALOG_ROLE: { 'SYS.AUD$': ['DELETE'] }, ...grants })) {
    for (const [place, privileges] of Object.entries(places)) {
      const [table_schema, table_name] = place.split('.');
      for (const privilege of privileges) into.all_tab_privs({ grantor: table_schema, grantee, table_schema, table_name, privilege, grantable: 'NO' });
    }
  }
  into.dual({ dummy: 'X' });
  db.exec('commit; create index of_columns on all_tab_cols (owner, table_name); pragma query_only = on');
  return db;
};

const furnish = (into, { owner, name: table_name, kind = 'table', rows, average, comment, columns, keys = [], indexes = [], organized, dropped, nested, secondary }) => {
  const place = { owner, table_name };
  const yes = (is, [no, itIs] = ['NO', 'YES']) => (is ? itIs : no);
  into.all_objects({ owner, object_name: table_name, object_type: kind === 'view' ? 'VIEW' : 'TABLE', status: 'VALID' });
  if (kind === 'view') into.all_views({ owner, view_name: table_name, text_length: 8, text: 'select …' });
  else into.all_tables({ ...place, num_rows: rows, avg_row_len: average, iot_type: organized, temporary: 'N', partitioned: 'NO', status: 'VALID', secondary: yes(secondary, ['N', 'Y']), nested: yes(nested), dropped: yes(dropped) });
  if (kind === 'materialized') into.all_mviews({ owner, mview_name: table_name, container_name: table_name, query: 'select …' });
  if (kind === 'external') into.all_external_tables({ ...place, type_name: 'ORACLE_LOADER' });
  // On the table below a materialized view the server writes a comment itself.
  const made = kind === 'materialized' ? `snapshot table for snapshot ${owner}.${table_name}` : undefined;
  into.all_tab_comments({ ...place, table_type: kind === 'view' ? 'VIEW' : 'TABLE', comments: made ?? comment });
  if (made) into.all_mview_comments({ owner, mview_name: table_name, comments: comment ?? made });
  let id = 0;
  columns.forEach(([column_name, type, { not, identity, virtual, hidden, default: data_default, comment: said } = {}], at) => {
    into.all_tab_cols({ ...place, column_name, ...dataType(type), nullable: yes(not, ['Y', 'N']), column_id: hidden ? null : ++id, internal_column_id: at + 1, data_default, default_length: data_default?.length,
      hidden_column: yes(hidden), virtual_column: yes(virtual), identity_column: yes(identity) });
    if (!hidden) into.all_col_comments({ ...place, column_name, comments: said });
    if (not && kind === 'table') {
      const constraint_name = `SYS_C${table_name}${at}`;
      into.all_constraints({ ...place, constraint_name, constraint_type: 'C', search_condition: `"${column_name}" IS NOT NULL`, status: 'ENABLED', validated: 'VALIDATED' });
      into.all_cons_columns({ ...place, constraint_name, column_name });
    }
  });
  for (const { name: constraint_name, type, columns: of, to: [r_owner, r_constraint_name] = [] } of keys) {
    into.all_constraints({ ...place, constraint_name, constraint_type: type, r_owner, r_constraint_name, status: 'ENABLED', validated: 'VALIDATED' });
    of.forEach((column_name, at) => into.all_cons_columns({ ...place, constraint_name, column_name, position: type === 'C' ? null : at + 1 }));
  }
  const unique = keys.filter(({ type }) => type === 'P' || type === 'U').map(({ name: own, columns: of }) => ({ name: own, columns: of, unique: true }));
  for (const { owner: index_owner = owner, name: index_name, columns: of, unique: only, type = 'NORMAL' } of [...unique, ...indexes]) {
    into.all_indexes({ owner: index_owner, index_name, index_type: type, table_owner: owner, table_name, table_type: 'TABLE', uniqueness: only ? 'UNIQUE' : 'NONUNIQUE', status: 'VALID', visibility: 'VISIBLE' });
    of.forEach((column_name, at) => into.all_ind_columns({ index_owner, index_name, table_owner: owner, table_name, column_name, column_position: at + 1, descend: 'ASC' }));
  }
};

const lengths = { NUMBER: 22, FLOAT: 22, BINARY_FLOAT: 4, BINARY_DOUBLE: 8, DATE: 7, CLOB: 4000, NCLOB: 4000, BLOB: 4000, LONG: 0, 'LONG RAW': 0, ROWID: 10, XMLTYPE: 2000, SDO_GEOMETRY: 1, ADDRESS: 1 };

/** What the dictionary makes of a type as a table's definition spells it. */
const dataType = (spelled) => {
  const [, owner, rest] = /^(?:([A-Z]+)\.)?(.+)$/.exec(spelled);
  const [, base, first, second, unit] = /^([A-Z0-9_ ]+?)(?:\((-?\d+)(?:,(-?\d+))?( CHAR)?\))?$/.exec(rest) ?? [];
  const type = (data_type, data_length, more = {}) => ({ data_type, data_type_owner: owner, data_length, char_length: 0, ...more });
  if (base === undefined || base === 'TIMESTAMP') return type(rest, 11, { data_scale: Number(/\((\d)\)/.exec(rest)[1]) }); // precision and all
  if (base === 'INTEGER') return type('NUMBER', 22, { data_scale: 0 });
  if (base === 'NUMBER' && first) return type('NUMBER', 22, { data_precision: Number(first), data_scale: Number(second ?? 0) });
  if (base === 'FLOAT') return type('FLOAT', 22, { data_precision: Number(first) });
  const length = Number(first);
  if (base === 'VARCHAR2' || base === 'CHAR') return type(base, unit ? length * 4 : length, { char_length: length, char_used: unit ? 'C' : 'B' });
  if (base === 'NVARCHAR2' || base === 'NCHAR') return type(base, length * 2, { char_length: length, char_used: 'C' });
  return type(base, first ? length : lengths[base]);
};
