import { costOfAType, createReading, isObject, shown, textOf } from './field.ts';
import type { Field, Reading, SchemaText } from './field.ts';
import { openSchema, type Json, type Part } from './json-documents.ts';
import { mergeAlternatives, mergeFields } from './json-alternatives.ts';
import { collectParts, listBranches, type Whole } from './json-parts.ts';
import { isNullable, kindOfType, kindOfValues, listValues, readTypes } from './json-types.ts';

/** Returns the properties of a JSON Schema, draft 4 or later; any other type becomes one field, `value`. https://json-schema.org/specification */
export const jsonFields = (schema: SchemaText, reading = createReading()): readonly Field[] => {
  const root = openSchema(schema, reading);
  if (!isObject(root.at) && typeof root.at !== 'boolean') reading.leaveOut('unreadable');
  const at = isObject(root.at) ? root.at : {};
  const { nested, ...value } = describe([{ at, within: root }], reading, []);
  return nested?.fields() ?? [{ name: 'value', ...value }];
};

type Described = Omit<Field, 'name'>;

/** Describes a value to which all given schemas apply; `above` holds the item schemas of the arrays that contain it. */
const describe = (given: readonly Part[], reading: Reading, above: readonly Json[]): Described => {
  const whole = collectParts(given, reading);
  const types = readTypes(whole);
  const findText = (keyword: string): string | null =>
    whole.fromTop.map(({ at }) => textOf(at[keyword])).find((text) => text !== null) ?? null;
  const facts = {
    nullable: isNullable(whole),
    default: shown(
      whole.fromTop.find(({ at }) => at['default'] !== undefined)?.at['default'],
      reading.budget,
    ),
    comment: findText('description') ?? findText('title'),
  };
  const type = types.join('|');
  if (hasFields(whole, types)) {
    const key = (whole.fromTop.find(hasProperties) ?? whole.fromTop[0])?.at;
    return {
      type: type || 'object',
      kind: 'json',
      ...facts,
      nested: { keys: new Set([key]), fields: () => readFields(whole, reading, []) },
    };
  }
  if (type === '') return { ...describeUntyped(whole, reading), ...facts };
  if (type === 'array') return { type: describeArray(whole, reading, above), kind: 'array', ...facts };
  const format = findText('format')?.slice(0, longestFormat) ?? null;
  const kind = kindOfType(type, format, findText('contentEncoding'));
  return { type: format === null ? type : `${type}(${format})`, kind, ...facts };
};

const hasProperties = ({ at }: Part): boolean => isObject(at['properties']);

const hasFields = ({ fromTop }: Whole, types: readonly string[]): boolean => {
  if (types.length > 0 && !types.includes('object')) return false;
  if (fromTop.some(hasProperties)) return true;
  return (
    types.length > 0 &&
    fromTop
      .flatMap(listBranches)
      .some(({ parts }) => parts.some(({ at }) => '$ref' in at || 'properties' in at))
  );
};

const describeUntyped = ({ fromTop }: Whole, { budget }: Reading): Pick<Field, 'type' | 'kind'> => {
  const values = fromTop.map(listValues).find((some) => some !== undefined);
  budget.step(values?.length);
  if (values) return { type: 'enum', kind: kindOfValues(values) };
  const choices = fromTop.flatMap(listBranches).find(({ isChoice }) => isChoice);
  if (!choices) return { type: 'any', kind: 'other' };
  const chosen = choices.parts.map(listValues);
  budget.step(chosen.length);
  return chosen.every((some) => some !== undefined)
    ? { type: 'enum', kind: kindOfValues(chosen.flat()) }
    : { type: 'oneOf', kind: 'other' };
};

const describeArray = ({ fromTop }: Whole, reading: Reading, above: readonly Json[]): string => {
  const items = fromTop.flatMap(({ at, within }): Part[] =>
    isObject(at['items']) ? [{ at: at['items'], within }] : [],
  );
  const [first] = items;
  if (!first || above.includes(first.at)) return 'array';
  if (above.length < deepest) return `array<${describe(items, reading, [...above, first.at]).type}>`;
  reading.leaveOut('tooLarge');
  return 'array';
};

/** The longest standard format, `relative-json-pointer`, has 21. */
const longestFormat = 100;
const deepest = 12;

/** One part may require what another defines. `above` holds the alternatives that are being read. */
const readFields = (whole: Whole, reading: Reading, above: readonly Json[]): readonly Field[] => {
  const found = new Map<string, Part[]>();
  const required = new Set<unknown>();
  for (const { at, within } of whole.fromBase) {
    const { properties, required: names } = at;
    for (const [name, property] of Object.entries(isObject(properties) ? properties : {})) {
      reading.budget.step(costOfAType);
      const parts = found.get(name) ?? [];
      found.delete(name); // moves it to its position in the last part
      if (property !== false) found.set(name, parts);
      if (isObject(property)) parts.push({ at: property, within });
    }
    reading.budget.step(Array.isArray(names) ? names.length : 1);
    if (Array.isArray(names)) for (const name of names) required.add(name);
  }
  const fields = [...found].map(([name, parts]): Field => {
    const described = describe(parts.reverse(), reading, []);
    return { name, ...described, nullable: described.nullable || !required.has(name) };
  });
  const more = whole.fromTop.flatMap(listBranches).map(({ parts, isChoice }) => {
    const some = parts.filter(({ at }) => !above.includes(at));
    const alternatives = some.map((part) =>
      reading.budget.descend(() => readFields(collectParts([part], reading), reading, [...above, part.at])),
    );
    return mergeAlternatives(alternatives, isChoice && some.length === parts.length);
  });
  const areAllNullable = (same: readonly Field[]) => same.every(({ nullable }) => nullable);
  return [...fields, ...mergeFields(more, areAllNullable).filter(({ name }) => !found.has(name))];
};
