import type { Field } from './field.ts';

/** Merges lists of fields by name; `isNullable` receives all fields of one name. */
export const mergeFields = (
  lists: readonly (readonly Field[])[],
  isNullable: (same: readonly Field[]) => boolean,
): readonly Field[] => {
  const found = new Map<string, [Field, ...Field[]]>();
  for (const field of lists.flat()) {
    const same = found.get(field.name);
    if (same) same.push(field);
    else found.set(field.name, [field]);
  }
  return [...found.values()].map((same) => ({ ...mergeSame(same), nullable: isNullable(same) }));
};

/** Merges the fields of alternatives: a field is required only if every alternative requires it and `isAll` is true. */
export const mergeAlternatives = (lists: readonly (readonly Field[])[], isAll: boolean): readonly Field[] =>
  mergeFields(lists, (same) => !isAll || same.length < lists.length || same.some(({ nullable }) => nullable));

const mergeSame = (same: readonly [Field, ...Field[]]): Field => {
  const [first] = same;
  const nested = mergeNested(same.flatMap((field) => field.nested ?? []));
  return {
    ...first,
    type: same.every(({ type }) => type === first.type) ? first.type : 'oneOf',
    kind: same.every(({ kind }) => kind === first.kind) ? first.kind : 'other',
    ...(nested && { nested }),
  };
};

type Nested = NonNullable<Field['nested']>;

const mergeNested = (all: readonly Nested[]): Nested | undefined => {
  const distinct: Nested[] = [];
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
