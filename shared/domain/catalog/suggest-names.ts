import type { QuoteName } from '../../connectors/connector.ts';
import * as v from 'valibot';
import type { Column } from '../../connectors/catalog.ts';
import { tableKinds } from '../../connectors/catalog.ts';
import { foldCase, isSameName, type NameRules } from '../../connectors/name-rules.ts';
import type { ReadStore } from '../../ports/store.ts';
import { readCatalogRows } from './snapshot/catalog-blocks.ts';
import type { CatalogOrder, SnapshotRef } from './snapshot/catalog-blocks.ts';
import { encodeNameKey, encodeNamePrefix } from './snapshot/catalog-sort-keys.ts';
import { catalogOrders } from './snapshot/catalog-orders.ts';
import type { CatalogName } from './snapshot/catalog-orders.ts';
import { findSchema, findTable } from './snapshot/snapshot-reader.ts';
import { truncateComment } from './truncate-comment.ts';

export const suggestionTypes = ['schemas', 'tables', 'columns', 'topics'] as const;

export const Suggestion = v.object({
  /** The name as a query spells it, quoted only where the engine requires quotes. */
  value: v.string(),
  label: v.string(),
  type: v.picklist(['schema', ...tableKinds, 'column']),
  schema: v.string(),
  rows: v.nullable(v.number()),
  size_bytes: v.nullable(v.number()),
  /** At most 256 characters. */
  comment: v.nullable(v.string()),
});
export type Suggestion = v.InferOutput<typeof Suggestion>;

export interface SuggestionQuery {
  /** `tables` includes every kind of table, also topics. `columns` requires a parent. */
  readonly type: (typeof suggestionTypes)[number];
  /** A schema for tables and topics, a table for columns. It is given as a label, as `schema.label`, or as a `value`. */
  readonly parent?: string | undefined;
  /** The start of the labels, compared without case. */
  readonly prefix?: string | undefined;
  readonly limit: number;
}

/** How the source quotes and compares names. */
interface NameSpelling {
  readonly quote: QuoteName;
  readonly names: NameRules;
}

/** Names are sorted by label without case, then by schema; columns keep the order of their table. */
export const suggestNames = async (
  store: ReadStore,
  place: SnapshotRef,
  { type, parent, prefix = '', limit }: SuggestionQuery,
  { quote, names: rules }: NameSpelling,
): Promise<Suggestion[]> => {
  const beginning = encodeNameKey(foldCase(prefix));
  if (type === 'columns')
    return parent === undefined
      ? []
      : readColumnSuggestions(store, place, parent, prefix, limit, { quote, names: rules });
  if (type === 'schemas' || parent === undefined)
    return readNameSuggestions(
      store,
      place,
      catalogOrders[type === 'tables' ? 'names' : type],
      { beginning, limit },
      quote,
    );

  const suggestIn = (schema: string) => {
    const inSchema = {
      beginning: encodeNamePrefix(schema) + beginning,
      kind: type === 'topics' ? ('topic' as const) : undefined,
      limit,
    };
    return readNameSuggestions(store, place, catalogOrders.namesInSchema, inSchema, quote);
  };
  for (const schema of listParentSchemas(parent, quote)) {
    const found = await suggestIn(schema);
    if (found.length > 0) return found;
    const same = await findSchema(store, place, schema, rules);
    if (same !== schema) return suggestIn(same);
  }
  return [];
};

const readNameSuggestions = async (
  store: ReadStore,
  place: SnapshotRef,
  order: CatalogOrder<CatalogName>,
  { beginning, kind, limit }: { beginning: string; kind?: CatalogName['kind'] | undefined; limit: number },
  quote: QuoteName,
): Promise<Suggestion[]> => {
  const found: Suggestion[] = [];
  for await (const { row } of readCatalogRows(store, place, order, { beginning, kind })) {
    if (kind !== undefined && row.kind !== kind) continue;
    found.push(toNameSuggestion(row, quote));
    if (found.length >= limit) break;
  }
  return found;
};

const toNameSuggestion = ({ kind, ...name }: CatalogName, quote: QuoteName): Suggestion => ({
  ...name,
  value:
    kind === 'schema' || name.schema === ''
      ? quote(name.label)
      : `${quote(name.schema)}.${quote(name.label)}`,
  type: kind,
});

const readColumnSuggestions = async (
  store: ReadStore,
  place: SnapshotRef,
  parent: string,
  prefix: string,
  limit: number,
  { quote, names: rules }: NameSpelling,
): Promise<Suggestion[]> => {
  const table = await findParentTable(store, place, parent, { quote, names: rules });
  const columns = table?.columns.filter(({ name }) => foldCase(name).startsWith(foldCase(prefix))) ?? [];
  return columns.slice(0, limit).map((column) => toColumnSuggestion(column, table?.schema ?? '', quote));
};

const toColumnSuggestion = ({ name, comment }: Column, schema: string, quote: QuoteName): Suggestion => ({
  value: quote(name),
  label: name,
  type: 'column',
  schema,
  rows: null,
  size_bytes: null,
  comment: truncateComment(comment),
});

const findParentTable = async (
  store: ReadStore,
  place: SnapshotRef,
  parent: string,
  { quote, names: rules }: NameSpelling,
) => {
  for (const { schema, label } of listParentTables(parent, quote)) {
    const table =
      schema === undefined
        ? await findTableByLabel(store, place, label, rules)
        : await findTable(store, place, schema, label, rules);
    if (table !== undefined) return table;
  }
  return undefined;
};

/** If several tables have this label, returns the first by schema. */
const findTableByLabel = async (
  store: ReadStore,
  place: SnapshotRef,
  label: string,
  { tables }: NameRules,
) => {
  let same: CatalogName | undefined;
  for await (const { row } of readCatalogRows(store, place, catalogOrders.names, {
    beginning: encodeNamePrefix(foldCase(label)),
  })) {
    if (row.label === label) return findTable(store, place, row.schema, label);
    if (isSameName(tables, row.label, label)) same ??= row;
  }
  return same && findTable(store, place, same.schema, same.label);
};

interface ParentTable {
  readonly schema?: string;
  readonly label: string;
}

/**
 * The tables that a text may mean, most likely first: a quoted value, then `schema.label`, then a label. A label that needs no quotes is a
 * value.
 */
const listParentTables = (text: string, quote: QuoteName): ParentTable[] => {
  const whole = unquoteName(text, quote);
  const every = splitAtDots(text);
  // Each of these costs a lookup in the catalog, so only the first 16 count. Values are searched among all splits: in engines that quote
  // names, only one split reads as a value.
  const plain = every.slice(0, 16);
  const values = every
    .flatMap(([left, right]) => {
      const [schema, label] = [unquoteName(left, quote), unquoteName(right, quote)];
      return schema === undefined || label === undefined ? [] : [{ schema, label }];
    })
    .slice(0, 16);
  return [
    ...(whole === text ? [{ label: text }] : []),
    ...values,
    ...(whole === undefined || whole === text ? [] : [{ label: whole }]),
    ...plain
      .filter(([left, right]) => !values.some(({ schema, label }) => schema === left && label === right))
      .map(([schema, label]) => ({ schema, label })),
    ...(whole === text ? [] : [{ label: text }]),
  ];
};

/** Names may contain dots, so each dot may be the one between schema and label. */
const splitAtDots = (text: string) =>
  [...text.matchAll(/\./g)].map(({ index }) => [text.slice(0, index), text.slice(index + 1)] as const);

/** The schemas that a text may mean: the name whose quoted form the text is, and the text itself. */
const listParentSchemas = (text: string, quote: QuoteName): readonly string[] => {
  const name = unquoteName(text, quote);
  return name === undefined || name === text ? [text] : [name, text];
};

/** The name whose quoted form this is. Tries each way of quoting and keeps the one that `quote` reproduces. */
const unquoteName = (text: string, quote: QuoteName): string | undefined => {
  const inner = text.slice(1, -1);
  const close = text.at(-1) ?? '';
  return [text, inner.replaceAll(close + close, close), inner.replaceAll(/\\(.)/gsu, '$1'), inner].find(
    (name) => quote(name) === text,
  );
};
