import type { Field } from './field.ts';

/** The fields of several lists, each name once; `isNullable` decides by what the lists that have a name say of it. */
export const mergeFields = (
  lists: readonly (readonly Field[])[],
  isNullable: (same: readonly Field[]) => boolean,
): readonly Field[] => {
  const found = new Map<string, Field[]>();
  for (const field of lists.flat()) {
    const same = found.get(field.name) ?? [];
    found.set(field.name, same);
    same.push(field);
  }
  return [...found.values()].map((same) => ({ ...same.reduce(mergeTwo), nullable: isNullable(same) }));
};

/** Of objects that are one or the other: a field is sure to be there where each of all of them has it. */
export const mergeAlternatives = (lists: readonly (readonly Field[])[], isAll: boolean): readonly Field[] =>
  mergeFields(lists, (same) => !isAll || same.length < lists.length || same.some(({ nullable }) => nullable));

const mergeTwo = (one: Field, other: Field): Field => {
  const nested = mergeNested(one.nested, other.nested);
  return {
    ...one,
    type: one.type === other.type ? one.type : 'oneOf',
    kind: one.kind === other.kind ? one.kind : 'other',
    ...(nested && { nested }),
  };
};

const mergeNested = (one: Field['nested'], other: Field['nested']): Field['nested'] => {
  if (!one || !other || one.key === other.key) return one ?? other;
  return { key: one.key, fields: () => mergeAlternatives([one.fields(), other.fields()], true) };
};
