import type { Column, Table } from '../catalog.ts';
import type { TableDrafts } from '../sql/table-drafts.ts';
import { toMysqlColumnKind } from './kinds.ts';
import type { MysqlCatalogSet } from './queries.ts';

type MysqlRow = readonly unknown[];

/** What the queries were built for, which decides their columns. */
interface MysqlRowFormat {
  readonly mariadb: boolean;
  readonly oneSchema: boolean;
  readonly withRights: boolean;
}

/** Returns one reader per query of `queries.ts`. Rows may arrive in any order and over several connections. */
export const createMysqlRowReaders = (
  drafts: TableDrafts,
  { mariadb, oneSchema, withRights }: MysqlRowFormat,
): Readonly<Record<MysqlCatalogSet, (row: MysqlRow) => void>> => {
  /** Few types occur many times: each is kept once, with its kind. */
  const types = new Map<string, Pick<Column, 'type' | 'kind'>>();
  const resolveType = (value: unknown): Pick<Column, 'type' | 'kind'> => {
    const type = toMysqlText(value);
    const known = types.get(type);
    if (known !== undefined) return known;
    const resolved = { type, kind: toMysqlColumnKind(type) };
    if (types.size < 100_000) types.set(type, resolved);
    return resolved;
  };
  const readExpression = (value: unknown): string =>
    mariadb ? toMysqlText(value) : unescapeMysqlExpression(toMysqlText(value));

  return {
    tables: ([schema, name, type, engine, comment, rows, size]) => {
      // A draft without a kind is no table: it is a sequence, or was created after the query for tables.
      const kind = mysqlTableKinds.get(toMysqlText(type));
      const draft = drafts.findOrAdd(name, oneSchema ? undefined : schema);
      draft.schema = toMysqlText(schema);
      draft.name = toMysqlText(name);
      if (kind === undefined) return;
      drafts.declare(draft, mysqlForeignEngines.has(toMysqlText(engine)) ? 'foreign_table' : kind);
      if (kind === 'view') return; // the comment of a view is `VIEW` or an error message
      draft.comment = toMysqlText(comment) || null;
      draft.rows = toMysqlCount(rows);
      draft.size_bytes = toMysqlCount(size);
    },

    columns: ([table, name, position, type, nullable, defaultValue, extra, comment, rights, schema]) => {
      const draft = drafts.findOrAdd(table, schema);
      if (withRights && !/(^|,)select(,|$)/.test(toMysqlText(rights))) {
        if (draft.access === 'all') draft.access = draft.columns.length > 0 ? 'some' : 'none';
        return;
      }
      if (draft.access === 'none') draft.access = 'some';
      const typed = resolveType(type);
      const extraText = toMysqlText(extra);
      const isNull = defaultValue === null || (mariadb && defaultValue === 'NULL');
      const readDefault = extraText.includes('GENERATED') ? readExpression : toMysqlText;
      drafts.addColumn(draft, {
        name: toMysqlText(name),
        type: typed.type,
        kind: typed.kind,
        nullable: nullable === 'YES',
        default: isNull ? null : readDefault(defaultValue),
        generated: extraText === '' ? null : parseMysqlGenerated(extraText),
        comment: comment === '' || comment === null ? null : toMysqlText(comment),
        position: Number(position),
      });
    },

    indexes: ([table, name, repeats, position, part, schema]) => {
      const draft = drafts.findOrAdd(table, schema);
      const index = drafts.findOrAddIndex(draft, { name: toMysqlText(name), unique: Number(repeats) === 0 });
      drafts.put(index.parts, position, part === null ? undefined : readExpression(part));
      if (index.name === 'PRIMARY') draft.primaryKey = index.parts;
    },

    foreignKeys: ([table, name, position, ours, theirSchema, theirTable, theirs, schema]) => {
      const to = {
        schema: toMysqlText(theirSchema),
        table: toMysqlText(theirTable),
        column: toMysqlText(theirs),
        valid: true,
      };
      drafts.addForeignKeyPart(
        drafts.findOrAdd(table, schema),
        toMysqlText(name),
        position,
        toMysqlText(ours),
        to,
      );
    },
  };
};

const toMysqlText = (value: unknown): string => {
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '' : decodeMysqlText(value);
};

/** A server may send numbers for text columns; a hostile one may send any type. */
const decodeMysqlText = (value: unknown): string => {
  if (Buffer.isBuffer(value)) return value.toString();
  return typeof value === 'number' ? String(value) : '';
};

const toMysqlCount = (value: unknown): number | null =>
  value === null || value === undefined || Number.isNaN(Number(value)) ? null : Number(value);

/** information_schema.columns.extra: https://dev.mysql.com/doc/refman/9.7/en/information-schema-columns-table.html */
const parseMysqlGenerated = (extra: string): Column['generated'] => {
  if (extra.includes('auto_increment')) return 'identity';
  if (extra.includes('VIRTUAL GENERATED')) return 'virtual';
  return /STORED GENERATED|PERSISTENT/.test(extra) ? 'stored' : null;
};

/** MySQL escapes quotes and backslashes of expressions once too often (seen on 8.0 and 9.7). */
const unescapeMysqlExpression = (expression: string) =>
  expression.includes("\\'") ? expression.replaceAll(/\\(['\\])/g, '$1') : expression;

/** information_schema.tables.table_type. */
const mysqlTableKinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['BASE TABLE', 'table'],
  ['SYSTEM VERSIONED', 'table'],
  ['VIEW', 'view'],
]);

/** Storage engines whose rows are on another server. */
const mysqlForeignEngines: ReadonlySet<string> = new Set(['FEDERATED', 'CONNECT', 'SPIDER']);
