import type { Quote } from '../connectors/connector.ts';
import * as v from 'valibot';
import type { Column } from '../connectors/catalog.ts';
import { tableKinds } from '../connectors/catalog.ts';
import { foldCase, isSameName, type NameRules } from '../connectors/names.ts';
import type { ReadStore } from '../ports/store.ts';
import { readRows } from './catalog-blocks.ts';
import type { Order, Place } from './catalog-blocks.ts';
import { joined, within } from './catalog-keys.ts';
import { orders } from './catalog-orders.ts';
import type { Name } from './catalog-orders.ts';
import { findSchema, findTable } from './catalogs.ts';
import { hint } from './hint.ts';

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

export interface Wanted {
  /** `tables` includes every kind of table, also topics. `columns` requires a parent. */
  readonly type: (typeof suggestionTypes)[number];
  /** A schema for tables and topics, a table for columns. It is given as a label, as `schema.label`, or as a `value`. */
  readonly parent?: string | undefined;
  /** The start of the labels, compared without case. */
  readonly prefix?: string | undefined;
  readonly limit: number;
}

/** How the source quotes and compares names. */
interface Spelling {
  readonly quote: Quote;
  readonly names: NameRules;
}

/** Names are sorted by label without case, then by schema; columns keep the order of their table. */
export const suggest = async (
  store: ReadStore,
  place: Place,
  { type, parent, prefix = '', limit }: Wanted,
  { quote, names: rules }: Spelling,
): Promise<Suggestion[]> => {
  const beginning = joined(foldCase(prefix));
  if (type === 'columns')
    return parent === undefined
      ? []
      : columnsOf(store, place, parent, prefix, limit, { quote, names: rules });
  if (type === 'schemas' || parent === undefined)
    return names(store, place, orders[type === 'tables' ? 'names' : type], { beginning, limit }, quote);

  const suggestIn = (schema: string) => {
    const inSchema = {
      beginning: within(schema) + beginning,
      kind: type === 'topics' ? ('topic' as const) : undefined,
      limit,
    };
    return names(store, place, orders.namesInSchema, inSchema, quote);
  };
  for (const schema of readings(parent, quote)) {
    const found = await suggestIn(schema);
    if (found.length > 0) return found;
    const same = await findSchema(store, place, schema, rules);
    if (same !== schema) return suggestIn(same);
  }
  return [];
};

const names = async (
  store: ReadStore,
  place: Place,
  order: Order<Name>,
  { beginning, kind, limit }: { beginning: string; kind?: Name['kind'] | undefined; limit: number },
  quote: Quote,
): Promise<Suggestion[]> => {
  const found: Suggestion[] = [];
  for await (const { row } of readRows(store, place, order, { beginning, kind })) {
    if (kind !== undefined && row.kind !== kind) continue;
    found.push(suggestionOf(row, quote));
    if (found.length >= limit) break;
  }
  return found;
};

const suggestionOf = ({ kind, ...name }: Name, quote: Quote): Suggestion => ({
  ...name,
  value:
    kind === 'schema' || name.schema === ''
      ? quote(name.label)
      : `${quote(name.schema)}.${quote(name.label)}`,
  type: kind,
});

const columnsOf = async (
  store: ReadStore,
  place: Place,
  parent: string,
  prefix: string,
  limit: number,
  { quote, names: rules }: Spelling,
): Promise<Suggestion[]> => {
  const table = await parentTable(store, place, parent, { quote, names: rules });
  const columns = table?.columns.filter(({ name }) => foldCase(name).startsWith(foldCase(prefix))) ?? [];
  return columns.slice(0, limit).map((column) => columnSuggestion(column, table?.schema ?? '', quote));
};

const columnSuggestion = ({ name, comment }: Column, schema: string, quote: Quote): Suggestion => ({
  value: quote(name),
  label: name,
  type: 'column',
  schema,
  rows: null,
  size_bytes: null,
  comment: hint(comment),
});

const parentTable = async (
  store: ReadStore,
  place: Place,
  parent: string,
  { quote, names: rules }: Spelling,
) => {
  for (const { schema, label } of meanings(parent, quote)) {
    const table =
      schema === undefined
        ? await labelled(store, place, label, rules)
        : await findTable(store, place, schema, label, rules);
    if (table !== undefined) return table;
  }
  return undefined;
};

/** If several tables have this label, returns the first by schema. */
const labelled = async (store: ReadStore, place: Place, label: string, { tables }: NameRules) => {
  let same: Name | undefined;
  for await (const { row } of readRows(store, place, orders.names, { beginning: within(foldCase(label)) })) {
    if (row.label === label) return findTable(store, place, row.schema, label);
    if (isSameName(tables, row.label, label)) same ??= row;
  }
  return same && findTable(store, place, same.schema, same.label);
};

interface Meaning {
  readonly schema?: string;
  readonly label: string;
}

/**
 * The tables that a text may mean, most likely first: a quoted value, then `schema.label`, then a label. A label that needs no quotes is a
 * value.
 */
const meanings = (text: string, quote: Quote): Meaning[] => {
  const whole = unquoted(text, quote);
  const every = halves(text);
  // Each of these costs a lookup in the catalog, so only the first 16 count. Values are searched among all splits: in engines that quote
  // names, only one split reads as a value.
  const plain = every.slice(0, 16);
  const values = every
    .flatMap(([left, right]) => {
      const [schema, label] = [unquoted(left, quote), unquoted(right, quote)];
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
const halves = (text: string) =>
  [...text.matchAll(/\./g)].map(({ index }) => [text.slice(0, index), text.slice(index + 1)] as const);

/** The schemas that a text may mean: the name whose quoted form the text is, and the text itself. */
const readings = (text: string, quote: Quote): readonly string[] => {
  const name = unquoted(text, quote);
  return name === undefined || name === text ? [text] : [name, text];
};

/** The name whose quoted form this is. Tries each way of quoting and keeps the one that `quote` reproduces. */
const unquoted = (text: string, quote: Quote): string | undefined => {
  const inner = text.slice(1, -1);
  const close = text.at(-1) ?? '';
  return [text, inner.replaceAll(close + close, close), inner.replaceAll(/\\(.)/gsu, '$1'), inner].find(
    (name) => quote(name) === text,
  );
};
