import {
  SCHEMA_TYPE_COST,
  createSchemaReading,
  isJsonObject,
  renderSchemaDefault,
  toStringOrNull,
} from './schema-fields.ts';
import type { SchemaField, SchemaReading, SchemaText } from './schema-fields.ts';
import { openJsonSchema, type JsonSchemaObject, type JsonSchemaPart } from './json-documents.ts';
import { mergeAlternatives, mergeFields } from './json-alternatives.ts';
import { collectJsonParts, listSchemaBranches, type CollectedParts } from './json-parts.ts';
import {
  isNullableValue,
  toJsonSchemaKind,
  toJsonValuesKind,
  listAllowedValues,
  listAllowedTypes,
} from './json-types.ts';

/** Returns the properties of a JSON Schema, draft 4 or later; any other type becomes one field, `value`. https://json-schema.org/specification */
export const parseJsonSchemaFields = (
  schema: SchemaText,
  reading = createSchemaReading(),
): readonly SchemaField[] => {
  const root = openJsonSchema(schema, reading);
  if (!isJsonObject(root.at) && typeof root.at !== 'boolean') reading.leaveOut('unreadable');
  const at = isJsonObject(root.at) ? root.at : {};
  const { nested, ...value } = describeJsonValue([{ at, within: root }], reading, []);
  return nested?.fields() ?? [{ name: 'value', ...value }];
};

type JsonValueDescription = Omit<SchemaField, 'name'>;

/** Describes a value to which all given schemas apply; `above` holds the item schemas of the arrays that contain it. */
const describeJsonValue = (
  given: readonly JsonSchemaPart[],
  reading: SchemaReading,
  above: readonly JsonSchemaObject[],
): JsonValueDescription => {
  const whole = collectJsonParts(given, reading);
  const types = listAllowedTypes(whole);
  const findText = (keyword: string): string | null =>
    whole.fromTop.map(({ at }) => toStringOrNull(at[keyword])).find((text) => text !== null) ?? null;
  const facts = {
    nullable: isNullableValue(whole),
    default: renderSchemaDefault(
      whole.fromTop.find(({ at }) => at['default'] !== undefined)?.at['default'],
      reading.budget,
    ),
    comment: findText('description') ?? findText('title'),
  };
  const type = types.join('|');
  if (hasJsonFields(whole, types)) {
    const key = (whole.fromTop.find(hasJsonProperties) ?? whole.fromTop[0])?.at;
    return {
      type: type || 'object',
      kind: 'json',
      ...facts,
      nested: { keys: new Set([key]), fields: () => readJsonFields(whole, reading, []) },
    };
  }
  if (type === '') return { ...describeUntypedValue(whole, reading), ...facts };
  if (type === 'array') return { type: describeJsonArray(whole, reading, above), kind: 'array', ...facts };
  const format = findText('format')?.slice(0, MAX_FORMAT_CHARACTERS) ?? null;
  const kind = toJsonSchemaKind(type, format, findText('contentEncoding'));
  return { type: format === null ? type : `${type}(${format})`, kind, ...facts };
};

const hasJsonProperties = ({ at }: JsonSchemaPart): boolean => isJsonObject(at['properties']);

const hasJsonFields = ({ fromTop }: CollectedParts, types: readonly string[]): boolean => {
  if (types.length > 0 && !types.includes('object')) return false;
  if (fromTop.some(hasJsonProperties)) return true;
  return (
    types.length > 0 &&
    fromTop
      .flatMap(listSchemaBranches)
      .some(({ parts }) => parts.some(({ at }) => '$ref' in at || 'properties' in at))
  );
};

const describeUntypedValue = (
  { fromTop }: CollectedParts,
  { budget }: SchemaReading,
): Pick<SchemaField, 'type' | 'kind'> => {
  const values = fromTop.map(listAllowedValues).find((some) => some !== undefined);
  budget.step(values?.length);
  if (values) return { type: 'enum', kind: toJsonValuesKind(values) };
  const choices = fromTop.flatMap(listSchemaBranches).find(({ isChoice }) => isChoice);
  if (!choices) return { type: 'any', kind: 'other' };
  const chosen = choices.parts.map(listAllowedValues);
  budget.step(chosen.length);
  return chosen.every((some) => some !== undefined)
    ? { type: 'enum', kind: toJsonValuesKind(chosen.flat()) }
    : { type: 'oneOf', kind: 'other' };
};

const describeJsonArray = (
  { fromTop }: CollectedParts,
  reading: SchemaReading,
  above: readonly JsonSchemaObject[],
): string => {
  const items = fromTop.flatMap(({ at, within }): JsonSchemaPart[] =>
    isJsonObject(at['items']) ? [{ at: at['items'], within }] : [],
  );
  const [first] = items;
  if (!first || above.includes(first.at)) return 'array';
  if (above.length < MAX_NESTED_ARRAYS)
    return `array<${describeJsonValue(items, reading, [...above, first.at]).type}>`;
  reading.leaveOut('tooLarge');
  return 'array';
};

/** The longest standard format, `relative-json-pointer`, has 21. */
const MAX_FORMAT_CHARACTERS = 100;
const MAX_NESTED_ARRAYS = 12;

/** One part may require what another defines. `above` holds the alternatives that are being read. */
const readJsonFields = (
  whole: CollectedParts,
  reading: SchemaReading,
  above: readonly JsonSchemaObject[],
): readonly SchemaField[] => {
  const found = new Map<string, JsonSchemaPart[]>();
  const required = new Set<unknown>();
  for (const { at, within } of whole.fromBase) {
    const { properties, required: names } = at;
    for (const [name, property] of Object.entries(isJsonObject(properties) ? properties : {})) {
      reading.budget.step(SCHEMA_TYPE_COST);
      const parts = found.get(name) ?? [];
      found.delete(name); // moves it to its position in the last part
      if (property !== false) found.set(name, parts);
      if (isJsonObject(property)) parts.push({ at: property, within });
    }
    reading.budget.step(Array.isArray(names) ? names.length : 1);
    if (Array.isArray(names)) for (const name of names) required.add(name);
  }
  const fields = [...found].map(([name, parts]): SchemaField => {
    const described = describeJsonValue(parts.reverse(), reading, []);
    return { name, ...described, nullable: described.nullable || !required.has(name) };
  });
  const more = whole.fromTop.flatMap(listSchemaBranches).map(({ parts, isChoice }) => {
    const some = parts.filter(({ at }) => !above.includes(at));
    const alternatives = some.map((part) =>
      reading.budget.descend(() =>
        readJsonFields(collectJsonParts([part], reading), reading, [...above, part.at]),
      ),
    );
    return mergeAlternatives(alternatives, isChoice && some.length === parts.length);
  });
  const areAllNullable = (same: readonly SchemaField[]) => same.every(({ nullable }) => nullable);
  return [...fields, ...mergeFields(more, areAllNullable).filter(({ name }) => !found.has(name))];
};
