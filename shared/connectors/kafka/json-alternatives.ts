import type { SchemaField } from './schema-fields.ts';

/** Merges lists of fields by name; `isNullable` receives all fields of one name. */
export const mergeFields = (
  lists: readonly (readonly SchemaField[])[],
  isNullable: (same: readonly SchemaField[]) => boolean,
): readonly SchemaField[] => {
  const found = new Map<string, [SchemaField, ...SchemaField[]]>();
  for (const field of lists.flat()) {
    const same = found.get(field.name);
    if (same) same.push(field);
    else found.set(field.name, [field]);
  }
  return [...found.values()].map((same) => ({ ...mergeSameField(same), nullable: isNullable(same) }));
};

/** Merges the fields of alternatives: a field is required only if every alternative requires it and `isAll` is true. */
export const mergeAlternatives = (
  lists: readonly (readonly SchemaField[])[],
  isAll: boolean,
): readonly SchemaField[] =>
  mergeFields(lists, (same) => !isAll || same.length < lists.length || same.some(({ nullable }) => nullable));

const mergeSameField = (same: readonly [SchemaField, ...SchemaField[]]): SchemaField => {
  const [first] = same;
  const nested = mergeNestedFields(same.flatMap((field) => field.nested ?? []));
  return {
    ...first,
    type: same.every(({ type }) => type === first.type) ? first.type : 'oneOf',
    kind: same.every(({ kind }) => kind === first.kind) ? first.kind : 'other',
    ...(nested && { nested }),
  };
};

type NestedFields = NonNullable<SchemaField['nested']>;

const mergeNestedFields = (all: readonly NestedFields[]): NestedFields | undefined => {
  const distinct: NestedFields[] = [];
  const keys = new Set<unknown>();
  for (const nested of all) {
    const before = keys.size;
    for (const key of nested.keys) keys.add(key);
    if (keys.size > before) distinct.push(nested);
  }
  if (distinct.length < 2) return distinct[0];
  const fields = () =>
    mergeAlternatives(
      distinct.map((nested) => nested.fields()),
      true,
    );
  return { keys, fields };
};
