import * as v from 'valibot';

const rule = v.picklist(['exact', 'any-case']);

/** Whether two names are one to a source: `exact` where they are the same, `any-case` also where they differ in case alone. */
export type NameRule = v.InferOutput<typeof rule>;

/** How a source compares names as they stand in quotation marks with those of its catalog. */
export const NameRules = v.object({ schemas: rule, tables: rule, columns: rule });
export type NameRules = v.InferOutput<typeof NameRules>;

export const exactNames: NameRules = { schemas: 'exact', tables: 'exact', columns: 'exact' };
export const namesInAnyCase: NameRules = { schemas: 'any-case', tables: 'any-case', columns: 'any-case' };

/** Equal for names that differ in case alone; the beginning of a name stays its beginning. */
export const foldCase = (name: string): string =>
  // Only a sigma's lower case depends on whether the word goes on after it.
  name.toLowerCase().replaceAll('ς', 'σ');

export const isSameName = (names: NameRule, a: string, b: string): boolean =>
  a === b || (names === 'any-case' && foldColumn(a) === foldColumn(b));

/** As `foldCase`, and İ is i, as MySQL has it. Keys of stored catalogs are folded without. */
export const foldColumn = (name: string): string => foldCase(name).replaceAll('i\u0307', 'i');

/** The one of some names that is meant: that very name, else the first that is the same to the source. */
export const findSameName = <T>(
  names: NameRule,
  wanted: string,
  items: Iterable<T>,
  nameOf: (item: T) => string,
): T | undefined => {
  let same: T | undefined;
  for (const item of items) {
    if (nameOf(item) === wanted) return item;
    if (same === undefined && isSameName(names, nameOf(item), wanted)) same = item;
  }
  return same;
};

/**
 * Names as a source has them that keeps in lower case what was written in any case, such as Redshift: it has others only where it was
 * told to tell cases apart when they were made.
 */
export const addLowerCase = (names: readonly string[]): readonly string[] => [
  ...new Set(names.flatMap((name) => [name, name.toLowerCase()])),
];
