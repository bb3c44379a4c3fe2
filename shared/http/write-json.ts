import * as v from 'valibot';
import { nextTurn } from '../next-turn.ts';

/**
 * The JSON of a value as its schema leaves it. A long list in it is checked and written over several turns of the event loop: an answer
 * of 4 MB, all at once, would hold every other caller.
 */
export const writeJson = async (schema: v.GenericSchema, value: unknown): Promise<string> => {
  const long = findList(schema, value);
  if (!long) return JSON.stringify(v.parse(schema, value));
  const { name, list, items } = long;
  const others = v.parse(schema, { ...Object(value), [name]: [] }) as Readonly<Record<string, unknown>>; // of an object's schema
  const parts: string[] = [];
  for (const [key, part] of Object.entries(others)) {
    const text = key === name ? await writeList(list, items) : JSON.stringify(part);
    // Nothing is said of what is undefined.
    if (text !== undefined) parts.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${parts.join(',')}}`;
};

interface List {
  readonly name: string;
  readonly list: v.GenericSchema;
  readonly items: readonly unknown[];
}

/** Of a property that the schema has for a list, and asks nothing of but its items. */
const findList = (schema: v.GenericSchema, value: unknown): List | undefined => {
  if (!isObjectSchema(schema) || typeof value !== 'object' || value === null) return undefined;
  for (const [name, property] of Object.entries(schema.entries)) {
    const items: unknown = Reflect.get(value, name);
    const list = listSchema(property);
    if (list && Array.isArray(items) && items.length > 1) return { name, list, items };
  }
  return undefined;
};

const isObjectSchema = (schema: v.GenericSchema): schema is v.ObjectSchema<v.ObjectEntries, undefined> =>
  schema.type === 'object' && !('pipe' in schema);

const listSchema = (schema: v.GenericSchema): v.GenericSchema | undefined => {
  if (schema.type === 'nullable' && !('pipe' in schema) && 'wrapped' in schema)
    return listSchema(schema.wrapped as v.GenericSchema); // of `v.nullable`
  return schema.type === 'array' && !('pipe' in schema) ? schema : undefined;
};

const writeList = async (list: v.GenericSchema, items: readonly unknown[]): Promise<string> => {
  const texts: string[] = [];
  let [count, length] = [0, 0];
  for (const item of items) {
    if (count >= itemsATurn || length >= charactersATurn) {
      await nextTurn();
      [count, length] = [0, 0];
    }
    const text = JSON.stringify(v.parse(list, [item])).slice(1, -1);
    texts.push(text);
    count += 1;
    length += text.length;
  }
  return `[${texts.join(',')}]`;
};

const itemsATurn = 200;
const charactersATurn = 256 * 1024;
