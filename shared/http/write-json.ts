import * as v from 'valibot';
import { waitForNextTurn } from '../wait-for-next-turn.ts';

/**
 * Parses a value with its schema and writes it as JSON. Spreads a long list over several turns of the event loop: writing an answer of
 * 4 MB at once would block all other callers.
 */
export const writeJson = async (schema: v.GenericSchema, value: unknown): Promise<string> => {
  const long = findLongList(schema, value);
  if (!long) return JSON.stringify(v.parse(schema, value));
  const { name, list, items } = long;
  const others = v.parse(schema, { ...Object(value), [name]: [] }) as Readonly<Record<string, unknown>>; // the schema is an object schema
  const parts: string[] = [];
  for (const [key, part] of Object.entries(others)) {
    const text = key === name ? await writeList(list, items) : JSON.stringify(part);
    // JSON has no `undefined`: the property is left out.
    if (text !== undefined) parts.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${parts.join(',')}}`;
};

interface LongList {
  readonly name: string;
  readonly list: v.GenericSchema;
  readonly items: readonly unknown[];
}

/** Finds a property that is a list of more than one item, and whose schema has no rules for the list as a whole. */
const findLongList = (schema: v.GenericSchema, value: unknown): LongList | undefined => {
  if (!isObjectSchema(schema) || typeof value !== 'object' || value === null) return undefined;
  for (const [name, property] of Object.entries(schema.entries)) {
    const items: unknown = Reflect.get(value, name);
    const list = findListSchema(property);
    if (list && Array.isArray(items) && items.length > 1) return { name, list, items };
  }
  return undefined;
};

const isObjectSchema = (schema: v.GenericSchema): schema is v.ObjectSchema<v.ObjectEntries, undefined> =>
  schema.type === 'object' && !('pipe' in schema);

const findListSchema = (schema: v.GenericSchema): v.GenericSchema | undefined => {
  if (schema.type === 'nullable' && !('pipe' in schema) && 'wrapped' in schema)
    return findListSchema(schema.wrapped as v.GenericSchema); // a `v.nullable` schema
  return schema.type === 'array' && !('pipe' in schema) ? schema : undefined;
};

const writeList = async (list: v.GenericSchema, items: readonly unknown[]): Promise<string> => {
  const texts: string[] = [];
  let [count, length] = [0, 0];
  for (const item of items) {
    if (count >= MAX_ITEMS_PER_TURN || length >= MAX_CHARACTERS_PER_TURN) {
      await waitForNextTurn();
      [count, length] = [0, 0];
    }
    const text = JSON.stringify(v.parse(list, [item])).slice(1, -1);
    texts.push(text);
    count += 1;
    length += text.length;
  }
  return `[${texts.join(',')}]`;
};

const MAX_ITEMS_PER_TURN = 200;
const MAX_CHARACTERS_PER_TURN = 256 * 1024;
