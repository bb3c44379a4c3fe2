import type { Column, Table } from '../catalog.ts';
import type { Drafts } from '../sql/drafts.ts';
import { kindOf } from './kinds.ts';
import type { CatalogSet } from './queries.ts';

type Row = readonly unknown[];

/** What the queries were built for, which decides their columns. */
interface Asked {
  readonly mariadb: boolean;
  readonly oneSchema: boolean;
  readonly withRights: boolean;
}

/** Returns one reader per query of `queries.ts`. Rows may arrive in any order and over several connections. */
export const readRows = (
  drafts: Drafts,
  { mariadb, oneSchema, withRights }: Asked,
): Readonly<Record<CatalogSet, (row: Row) => void>> => {
  /** Few types occur many times: each is kept once, with its kind. */
  const types = new Map<string, Pick<Column, 'type' | 'kind'>>();
  const typeOf = (value: unknown): Pick<Column, 'type' | 'kind'> => {
    const type = text(value);
    const known = types.get(type);
    if (known !== undefined) return known;
    const made = { type, kind: kindOf(type) };
    if (types.size < 100_000) types.set(type, made);
    return made;
  };
  const expression = (value: unknown): string => (mariadb ? text(value) : unescaped(text(value)));

  return {
    tables: ([schema, name, type, engine, comment, rows, size]) => {
      // A draft without a kind is no table: it is a sequence, or was created after the query for tables.
      const kind = tableKinds.get(text(type));
      const draft = drafts.at(name, oneSchema ? undefined : schema);
      draft.schema = text(schema);
      draft.name = text(name);
      if (kind === undefined) return;
      drafts.declare(draft, foreignEngines.has(text(engine)) ? 'foreign_table' : kind);
      if (kind === 'view') return; // the comment of a view is `VIEW` or an error message
      draft.comment = text(comment) || null;
      draft.rows = count(rows);
      draft.size_bytes = count(size);
    },

    columns: ([table, name, position, type, nullable, preset, extra, comment, rights, schema]) => {
      const draft = drafts.at(table, schema);
      if (withRights && !/(^|,)select(,|$)/.test(text(rights))) {
        if (draft.access === 'all') draft.access = draft.columns.length > 0 ? 'some' : 'none';
        return;
      }
      if (draft.access === 'none') draft.access = 'some';
      const typed = typeOf(type);
      const more = text(extra);
      const isNull = preset === null || (mariadb && preset === 'NULL');
      const readDefault = more.includes('GENERATED') ? expression : text;
      drafts.column(draft, {
        name: text(name),
        type: typed.type,
        kind: typed.kind,
        nullable: nullable === 'YES',
        default: isNull ? null : readDefault(preset),
        generated: more === '' ? null : generatedBy(more),
        comment: comment === '' || comment === null ? null : text(comment),
        position: Number(position),
      });
    },

    indexes: ([table, name, repeats, position, part, schema]) => {
      const draft = drafts.at(table, schema);
      const index = drafts.index(draft, { name: text(name), unique: Number(repeats) === 0 });
      drafts.put(index.parts, position, part === null ? undefined : expression(part));
      if (index.name === 'PRIMARY') draft.primaryKey = index.parts;
    },

    foreignKeys: ([table, name, position, ours, theirSchema, theirTable, theirs, schema]) => {
      const to = { schema: text(theirSchema), table: text(theirTable), column: text(theirs), valid: true };
      drafts.pair(drafts.at(table, schema), text(name), position, text(ours), to);
    },
  };
};

const text = (value: unknown): string => {
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '' : textOf(value);
};

/** A server may send numbers for text columns; a hostile one may send any type. */
const textOf = (value: unknown): string => {
  if (Buffer.isBuffer(value)) return value.toString();
  return typeof value === 'number' ? String(value) : '';
};

const count = (value: unknown): number | null =>
  value === null || value === undefined || Number.isNaN(Number(value)) ? null : Number(value);

/** information_schema.columns.extra: https://dev.mysql.com/doc/refman/9.7/en/information-schema-columns-table.html */
const generatedBy = (extra: string): Column['generated'] => {
  if (extra.includes('auto_increment')) return 'identity';
  if (extra.includes('VIRTUAL GENERATED')) return 'virtual';
  return /STORED GENERATED|PERSISTENT/.test(extra) ? 'stored' : null;
};

/** MySQL escapes quotes and backslashes of expressions once too often (seen on 8.0 and 9.7). */
const unescaped = (expression: string) =>
  expression.includes("\\'") ? expression.replaceAll(/\\(['\\])/g, '$1') : expression;

/** information_schema.tables.table_type. */
const tableKinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['BASE TABLE', 'table'],
  ['SYSTEM VERSIONED', 'table'],
  ['VIEW', 'view'],
]);

/** Storage engines whose rows are on another server. */
const foreignEngines: ReadonlySet<string> = new Set(['FEDERATED', 'CONNECT', 'SPIDER']);
