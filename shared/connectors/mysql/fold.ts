import { Problem } from '../../problem.ts';
import { bareTable } from '../bare-table.ts';
import type { Column, ForeignKey, Index, Table } from '../catalog.ts';
import { byPlace } from '../order.ts';
import { kindOf } from './kinds.ts';
import type { CatalogSet } from './queries.ts';

type Row = readonly unknown[];

/** A table as its rows arrive, in any order and over several connections. */
export interface Draft extends Omit<Table, 'schema' | 'kind'> {
  schema: string;
  /** Unknown until the table's own row comes: one that was made meanwhile has none, and a sequence never has. */
  kind: Table['kind'] | undefined;
  comment: string | null;
  rows: number | null;
  size_bytes: number | null;
  /** How many of its columns the account sees and may not read. */
  unreadable: number;
  sorted: boolean;
}

/** What the queries were asked, of which their columns depend. */
interface Asked {
  readonly oneSchema: boolean;
  readonly withRights: boolean;
}

/** Puts rows together, each kind as `queries.ts` names its columns. */
export const createCatalog = ({ mariadb }: { readonly mariadb: boolean }) => {
  const drafts = new Map<string, Draft>();
  let last: Draft | undefined;
  let lastSchema: unknown;
  let entry: { readonly name: string } | undefined;

  let rows = 0;
  // Rows of one table mostly follow one another.
  const at = (name: unknown, schema?: unknown): Draft => {
    if ((rows += 1) > mostRows) throw tooLarge();
    if (last && last.name === name && lastSchema === schema) return last;
    const key = `${text(schema)}\0${text(name)}`;
    const draft = drafts.get(key) ?? empty(text(name));
    drafts.set(key, draft);
    if (drafts.size > mostTables) throw tooLarge();
    lastSchema = schema;
    return (last = draft);
  };

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

  const within = <E extends { readonly name: string }>(list: E[], name: string, made: () => E): E => {
    const before = list.at(-1);
    if (before && before === entry && before.name === name) return before;
    let found = list.find((one) => one.name === name);
    if (!found) list.push((found = made()));
    entry = found;
    return found;
  };

  const fold: Readonly<Record<CatalogSet, (asked: Asked) => (row: Row) => void>> = {
    tables:
      ({ oneSchema }) =>
      ([schema, name, type, engine, comment, rows, size]) => {
        const draft = oneSchema ? at(name) : at(name, schema);
        const kind = tableKinds.get(text(type));
        draft.schema = text(schema);
        if (kind === undefined) return;
        draft.kind = foreignEngines.has(text(engine)) ? 'foreign_table' : kind;
        if (kind === 'view') return; // its comment is `VIEW`, or that it is broken
        draft.comment = text(comment) || null;
        draft.rows = count(rows);
        draft.size_bytes = count(size);
      },

    columns:
      ({ withRights }) =>
      ([table, name, position, type, nullable, preset, extra, comment, rights, schema]) => {
        const draft = at(table, schema);
        if (withRights && !/(^|,)select(,|$)/.test(text(rights))) {
          draft.unreadable++;
          return;
        }
        const { columns } = draft;
        const placed = Number(position);
        const before = columns.at(-1);
        if (before !== undefined && before.position > placed) draft.sorted = false;
        const typed = typeOf(type);
        const more = text(extra);
        columns.push({
          name: text(name),
          type: typed.type,
          kind: typed.kind,
          nullable: nullable === 'YES',
          default:
            preset === null || (mariadb && preset === 'NULL')
              ? null
              : mariadb || !more.includes('GENERATED')
                ? text(preset)
                : unescaped(text(preset)),
          generated: more === '' ? null : generatedBy(more),
          comment: comment === '' || comment === null ? null : text(comment),
          position: placed,
        });
      },

    indexes:
      () =>
      ([table, name, repeats, position, part, schema]) => {
        const index = text(name);
        const made = () => ({ name: index, columns: [], unique: Number(repeats) === 0 });
        within<Index>(at(table, schema).indexes, index, made).columns[placeIn(position)] =
          part === null ? missingPart : mariadb ? text(part) : unescaped(text(part));
      },

    foreignKeys:
      () =>
      ([table, name, position, column, otherSchema, otherTable, theirs, schema]) => {
        const constraint = text(name);
        const made = () => ({
          name: constraint,
          columns: [],
          references: { schema: text(otherSchema), table: text(otherTable), columns: [] },
        });
        const key = within<ForeignKey>(at(table, schema).foreign_keys, constraint, made);
        key.columns[placeIn(position)] = text(column);
        key.references.columns[placeIn(position)] = text(theirs);
      },
  };

  return {
    fold,
    /** All that have a kind, in the order in which a sink takes them. */
    drafts: (): Found[] =>
      [...drafts.values()].filter((draft): draft is Found => draft.kind !== undefined).sort(byPlace),
  };
};

/** A row of a few bytes takes hundreds here: what is bounded by bytes alone would still be without bounds. */
const mostRows = 3_000_000;
const mostTables = 150_000;

export const tooLarge = () =>
  new Problem('server-error', 'The catalog is larger than what can be read at once', {
    remediation: 'Name the database that is needed, or leave some out by excluded_schemas.',
  });

/** A draft whose own row has come. */
export type Found = Draft & { readonly kind: Table['kind'] };

/**
 * `partial`: the account may read some of its columns alone. Keys with a column out of sight are left out whole; where the
 * server leaves such columns out of its answer unsaid, all of them.
 */
export const tableOf = (draft: Found, partial: boolean, tellsAll: boolean): Table => {
  const { schema, name, kind, comment, rows, size_bytes, columns } = draft;
  if (!draft.sorted) columns.sort((a, b) => a.position - b.position);
  const seen = partial ? new Set(columns.map((column) => column.name)) : undefined;
  const whole = (parts: readonly string[]): boolean => {
    // By number: a part that never came leaves a hole, which no other way of going through sees.
    for (let at = 0; at < parts.length; at++) {
      const part = parts[at];
      if (part === undefined || part === missingPart || (seen && !(tellsAll && seen.has(part)))) return false;
    }
    return true;
  };
  const indexes = draft.indexes.filter((index) => whole(index.columns)).sort(byName);
  return {
    schema,
    name,
    kind,
    comment,
    rows,
    size_bytes,
    parent: null,
    columns,
    primary_key: [...(indexes.find((index) => index.name === 'PRIMARY')?.columns ?? [])],
    foreign_keys: draft.foreign_keys.filter((key) => whole(key.columns)).sort(byName),
    indexes,
  };
};

const empty = (name: string): Draft => ({
  ...bareTable('', name, undefined),
  unreadable: 0,
  sorted: true,
});

const text = (value: unknown): string =>
  typeof value === 'string' ? value : value === null || value === undefined ? '' : textOf(value);

/** A hostile server may send any type; an honest one, numbers where texts were asked for. */
const textOf = (value: unknown): string =>
  Buffer.isBuffer(value) ? value.toString() : typeof value === 'number' ? String(value) : '';

const count = (value: unknown): number | null =>
  value === null || value === undefined || Number.isNaN(Number(value)) ? null : Number(value);

/** No key has more parts, on either server. */
const mostParts = 64;
const placeIn = (position: unknown): number => {
  const at = Number(position);
  if (Number.isInteger(at) && at >= 1 && at <= mostParts) return at - 1;
  throw new Problem('protocol-mismatch', 'Expected the parts of a key to be numbered');
};

/** An expression on a server that does not tell it; no name holds a zero. */
const missingPart = '\0';

/** information_schema.columns.extra: https://dev.mysql.com/doc/refman/9.7/en/information-schema-columns-table.html */
const generatedBy = (extra: string): Column['generated'] => {
  if (extra.includes('auto_increment')) return 'identity';
  if (extra.includes('VIRTUAL GENERATED')) return 'virtual';
  return /STORED GENERATED|PERSISTENT/.test(extra) ? 'stored' : null;
};

/** MySQL tells expressions with their quotes and backslashes escaped once too often (seen on 8.0 and 9.7). */
const unescaped = (expression: string) =>
  expression.includes("\\'") ? expression.replaceAll(/\\(['\\])/g, '$1') : expression;

/** So that two readings of the same catalog are the same, whatever order the server keeps. */
const byName = (a: { readonly name: string }, b: { readonly name: string }) =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/** information_schema.tables.table_type. */
const tableKinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['BASE TABLE', 'table'],
  ['SYSTEM VERSIONED', 'table'],
  ['VIEW', 'view'],
]);

/** Engines whose rows are kept on another server. */
const foreignEngines: ReadonlySet<string> = new Set(['FEDERATED', 'CONNECT', 'SPIDER']);
