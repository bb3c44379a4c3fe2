import type { Column, Table } from '../catalog.ts';
import type { Drafts } from '../sql/drafts.ts';
import { kindOf } from './kinds.ts';
import type { CatalogSet } from './queries.ts';

type Row = readonly unknown[];

/** What the queries were asked, of which their columns depend. */
interface Asked {
  readonly mariadb: boolean;
  readonly oneSchema: boolean;
  readonly withRights: boolean;
}

/** Reads rows into drafts, each kind as `queries.ts` names its columns, in any order and over several connections. */
export const readRows = (
  drafts: Drafts,
  { mariadb, oneSchema, withRights }: Asked,
): Readonly<Record<CatalogSet, (row: Row) => void>> => {
  /** The same few types come over and over; each is kept once, with what it is taken for. */
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
      // One that was made meanwhile has no such row, and a sequence is none.
      const kind = tableKinds.get(text(type));
      const draft = drafts.at(name, oneSchema ? undefined : schema);
      draft.schema = text(schema);
      draft.name = text(name);
      if (kind === undefined) return;
      drafts.declare(draft, foreignEngines.has(text(engine)) ? 'foreign_table' : kind);
      if (kind === 'view') return; // its comment is `VIEW`, or that it is broken
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
      drafts.column(draft, {
        name: text(name),
        type: typed.type,
        kind: typed.kind,
        nullable: nullable === 'YES',
        default:
          preset === null || (mariadb && preset === 'NULL')
            ? null
            : more.includes('GENERATED')
              ? expression(preset)
              : text(preset),
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

const text = (value: unknown): string =>
  typeof value === 'string' ? value : value === null || value === undefined ? '' : textOf(value);

/** A hostile server may send any type; an honest one, numbers where texts were asked for. */
const textOf = (value: unknown): string =>
  Buffer.isBuffer(value) ? value.toString() : typeof value === 'number' ? String(value) : '';

const count = (value: unknown): number | null =>
  value === null || value === undefined || Number.isNaN(Number(value)) ? null : Number(value);

/** information_schema.columns.extra: https://dev.mysql.com/doc/refman/9.7/en/information-schema-columns-table.html */
const generatedBy = (extra: string): Column['generated'] => {
  if (extra.includes('auto_increment')) return 'identity';
  if (extra.includes('VIRTUAL GENERATED')) return 'virtual';
  return /STORED GENERATED|PERSISTENT/.test(extra) ? 'stored' : null;
};

/** MySQL tells expressions with their quotes and backslashes escaped once too often (seen on 8.0 and 9.7). */
const unescaped = (expression: string) =>
  expression.includes("\\'") ? expression.replaceAll(/\\(['\\])/g, '$1') : expression;

/** information_schema.tables.table_type. */
const tableKinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['BASE TABLE', 'table'],
  ['SYSTEM VERSIONED', 'table'],
  ['VIEW', 'view'],
]);

/** Engines whose rows are kept on another server. */
const foreignEngines: ReadonlySet<string> = new Set(['FEDERATED', 'CONNECT', 'SPIDER']);
