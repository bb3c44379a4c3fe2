import { costOfAType, isObject, type Reading } from './field.ts';
import { enter, resolveReference, type Json, type Part, type Resource } from './json-documents.ts';

/** One of the schemas that all apply to a value. */
export interface Holding extends Part {
  /** Whether null is the only other choice. */
  readonly isBesideNull: boolean;
}

/** All schemas that apply to a value at once: the given ones, the targets of their references, their `allOf`, and choices without an alternative. */
export interface Whole {
  /** Each schema before the ones that it builds upon. */
  readonly fromTop: readonly Holding[];
  /** Each schema after the ones that it builds upon. */
  readonly fromBase: readonly Holding[];
}

export const collectParts = (given: readonly Part[], reading: Reading): Whole => {
  const fromTop: Holding[] = [];
  const fromBase: Holding[] = [];
  const seen = new Set<Json>();
  const above = new Set<Json>();

  const add = ({ at, within: outer, isBesideNull }: Holding): void => {
    reading.budget.step(costOfAType);
    if (seen.has(at)) return;
    seen.add(at);
    reading.budget.step(costOfEntries(at));
    if (above.size >= deepest) return reading.leaveOut('tooLarge');
    const within = enter(at, outer);
    const part: Holding = { at: dropSiblings(at, within), within, isBesideNull };
    fromTop.push(part);
    above.add(at);
    for (const reference of readReferences(at)) {
      reading.budget.step(costOfAType + reference.length);
      const target = resolveReference(reference, within);
      if (target && !above.has(target.at)) add({ ...target, isBesideNull });
      else reading.leaveOut('unresolved', nameReference(reference));
    }
    for (const one of listSchemas(part, 'allOf')) add({ ...one, isBesideNull });
    for (const { real, hasNull } of listChoices(part)) {
      const [only] = real;
      if (only && real.length === 1) add({ ...only, isBesideNull: isBesideNull || hasNull });
    }
    above.delete(at);
    fromBase.push(part);
  };

  for (const part of given) add({ ...part, isBesideNull: false });
  return { fromTop, fromBase };
};

/** Long lists cost more, because they are read again for each reference to the schema. */
const costOfEntries = (at: Json): number =>
  20 * countEntries(['allOf', 'oneOf', 'anyOf', 'dependentSchemas', 'dependencies'], at) +
  5 * countEntries(['enum', 'required'], at);

const countEntries = (keywords: readonly string[], at: Json): number => {
  let count = 0;
  for (const keyword of keywords) {
    const value = at[keyword];
    if (Array.isArray(value)) count += value.length;
    else if (isObject(value)) count += Object.keys(value).length;
  }
  return count;
};

/** Nested references and parts. */
const deepest = 100;

/** Where `$ref` replaces its siblings, keeps only the title, description and default. */
const dropSiblings = (at: Json, { document }: Resource): Json => {
  if (document.hasSiblings || typeof at['$ref'] !== 'string') return at;
  const { title, description, default: given } = at;
  return { title, description, default: given };
};

/** Dynamic references are treated as static ones, as if no other schema extended this one. */
const readReferences = (at: Json): readonly string[] =>
  [at['$ref'], at['$dynamicRef'], at['$recursiveRef']].filter((one) => typeof one === 'string');

/** Leaves out the host and the query, which may hold credentials. */
const nameReference = (reference: string): string => {
  const [file = '', fragment] = reference.split('#');
  return file.slice(file.lastIndexOf('/') + 1) + (fragment === undefined ? '' : `#${fragment}`);
};

export const listSchemas = ({ at, within }: Part, keyword: string): readonly Part[] => {
  const some = at[keyword];
  return Array.isArray(some) ? some.filter(isObject).map((one) => ({ at: one, within })) : [];
};

export interface Choices {
  /** The choices that allow more than null. */
  readonly real: readonly Part[];
  readonly hasNull: boolean;
}

export const listChoices = (part: Part): readonly Choices[] =>
  ['oneOf', 'anyOf'].flatMap((keyword) => {
    const all = listSchemas(part, keyword);
    const real = all.filter(({ at }) => !isNull(at));
    return all.length > 0 ? [{ real, hasNull: real.length < all.length }] : [];
  });

/** Schemas that apply only to some values. */
export interface Branches {
  readonly parts: readonly Part[];
  /** Whether one of them always applies. */
  readonly isChoice: boolean;
}

export const listBranches = (part: Part): readonly Branches[] => {
  const { at, within } = part;
  const choices = listChoices(part).flatMap(({ real }) =>
    real.length > 1 ? [{ parts: real, isChoice: true }] : [],
  );
  const others = [
    at['then'],
    at['else'],
    ...listValues(at['dependentSchemas']),
    ...listValues(at['dependencies']),
  ];
  const parts = others.filter(isObject).map((one) => ({ at: one, within }));
  return parts.length > 0 ? [...choices, { parts, isChoice: false }] : choices;
};

const listValues = (value: unknown): readonly unknown[] => (isObject(value) ? Object.values(value) : []);

const isNull = ({ type, enum: values, const: value }: Json): boolean =>
  type === 'null' ||
  value === null ||
  (Array.isArray(values) && values.length > 0 && values.every((one) => one === null));
