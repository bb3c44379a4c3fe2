import * as v from 'valibot';

const nameRuleSchema = v.picklist(['exact', 'any-case']);

/** When two names are equal for a source: `exact` if they are identical, `any-case` also if they differ only in case. */
export type NameRule = v.InferOutput<typeof nameRuleSchema>;

/** How a source compares quoted names with those of its catalog. */
export const NameRules = v.object({
  schemas: nameRuleSchema,
  tables: nameRuleSchema,
  columns: nameRuleSchema,
});
export type NameRules = v.InferOutput<typeof NameRules>;

export const exactNames: NameRules = { schemas: 'exact', tables: 'exact', columns: 'exact' };
export const namesInAnyCase: NameRules = { schemas: 'any-case', tables: 'any-case', columns: 'any-case' };

/** Folds names that differ only in case to the same text. A prefix of a name stays a prefix. */
export const foldCase = (name: string): string =>
  // Sigma is the only letter whose lower case depends on the letters after it.
  name.toLowerCase().replaceAll('ς', 'σ');

export const isSameName = (names: NameRule, a: string, b: string): boolean =>
  a === b || (names === 'any-case' && foldColumnName(a) === foldColumnName(b));

/** The same as `foldCase`, but folds İ to i, as MySQL does. Keys of stored catalogs use `foldCase`. */
export const foldColumnName = (name: string): string => foldCase(name).replaceAll('i\u0307', 'i');

/** Finds the item with the wanted name: an identical name, otherwise the first that is equal for the source. */
export const findSameName = <T>(
  names: NameRule,
  wanted: string,
  items: Iterable<T>,
  getName: (item: T) => string,
): T | undefined => {
  let same: T | undefined;
  for (const item of items) {
    if (getName(item) === wanted) return item;
    if (same === undefined && isSameName(names, getName(item), wanted)) same = item;
  }
  return same;
};

/**
 * Adds the lower-case form of each name, for sources that store names in lower case, such as Redshift. They have other names only if case
 * sensitivity was on when those were created.
 */
export const addLowerCase = (names: readonly string[]): readonly string[] => [
  ...new Set(names.flatMap((name) => [name, name.toLowerCase()])),
];
