import { SCHEMA_TYPE_COST, isJsonObject, type SchemaReading } from './schema-fields.ts';
import {
  resolveOwnResource,
  resolveJsonReference,
  type JsonSchemaObject,
  type JsonSchemaPart,
  type JsonSchemaResource,
} from './json-documents.ts';

/** One of the schemas that all apply to a value. */
export interface ApplicablePart extends JsonSchemaPart {
  /** Whether null is the only other choice. */
  readonly isBesideNull: boolean;
}

/** All schemas that apply to a value at once: the given ones, the targets of their references, their `allOf`, and choices without an alternative. */
export interface CollectedParts {
  /** Each schema before the ones that it builds upon. */
  readonly fromTop: readonly ApplicablePart[];
  /** Each schema after the ones that it builds upon. */
  readonly fromBase: readonly ApplicablePart[];
}

export const collectJsonParts = (
  given: readonly JsonSchemaPart[],
  reading: SchemaReading,
): CollectedParts => {
  const fromTop: ApplicablePart[] = [];
  const fromBase: ApplicablePart[] = [];
  const seen = new Set<JsonSchemaObject>();
  const above = new Set<JsonSchemaObject>();

  const addPart = ({ at, within: outer, isBesideNull }: ApplicablePart): void => {
    reading.budget.step(SCHEMA_TYPE_COST);
    if (seen.has(at)) return;
    seen.add(at);
    reading.budget.step(estimateEntriesCost(at));
    if (above.size >= MAX_REFERENCE_DEPTH) return reading.leaveOut('tooLarge');
    const within = resolveOwnResource(at, outer);
    const part: ApplicablePart = { at: dropReferenceSiblings(at, within), within, isBesideNull };
    fromTop.push(part);
    above.add(at);
    for (const reference of listJsonReferences(at)) {
      reading.budget.step(SCHEMA_TYPE_COST + reference.length);
      const target = resolveJsonReference(reference, within);
      if (target && !above.has(target.at)) addPart({ ...target, isBesideNull });
      else reading.leaveOut('unresolved', renderReferenceName(reference));
    }
    for (const one of listSubschemas(part, 'allOf')) addPart({ ...one, isBesideNull });
    for (const { real, hasNull } of listSchemaChoices(part)) {
      const [only] = real;
      if (only && real.length === 1) addPart({ ...only, isBesideNull: isBesideNull || hasNull });
    }
    above.delete(at);
    fromBase.push(part);
  };

  for (const part of given) addPart({ ...part, isBesideNull: false });
  return { fromTop, fromBase };
};

/** Long lists cost more, because they are read again for each reference to the schema. */
const estimateEntriesCost = (at: JsonSchemaObject): number =>
  20 * countKeywordEntries(['allOf', 'oneOf', 'anyOf', 'dependentSchemas', 'dependencies'], at) +
  5 * countKeywordEntries(['enum', 'required'], at);

const countKeywordEntries = (keywords: readonly string[], at: JsonSchemaObject): number => {
  let count = 0;
  for (const keyword of keywords) {
    const value = at[keyword];
    if (Array.isArray(value)) count += value.length;
    else if (isJsonObject(value)) count += Object.keys(value).length;
  }
  return count;
};

/** Nested references and parts. */
const MAX_REFERENCE_DEPTH = 100;

/** Where `$ref` replaces its siblings, keeps only the title, description and default. */
const dropReferenceSiblings = (at: JsonSchemaObject, { document }: JsonSchemaResource): JsonSchemaObject => {
  if (document.hasSiblings || typeof at['$ref'] !== 'string') return at;
  const { title, description, default: given } = at;
  return { title, description, default: given };
};

/** Dynamic references are treated as static ones, as if no other schema extended this one. */
const listJsonReferences = (at: JsonSchemaObject): readonly string[] =>
  [at['$ref'], at['$dynamicRef'], at['$recursiveRef']].filter((one) => typeof one === 'string');

/** Leaves out the host and the query, which may hold credentials. */
const renderReferenceName = (reference: string): string => {
  const [file = '', fragment] = reference.split('#');
  return file.slice(file.lastIndexOf('/') + 1) + (fragment === undefined ? '' : `#${fragment}`);
};

export const listSubschemas = (
  { at, within }: JsonSchemaPart,
  keyword: string,
): readonly JsonSchemaPart[] => {
  const some = at[keyword];
  return Array.isArray(some) ? some.filter(isJsonObject).map((one) => ({ at: one, within })) : [];
};

export interface SchemaChoices {
  /** The choices that allow more than null. */
  readonly real: readonly JsonSchemaPart[];
  readonly hasNull: boolean;
}

export const listSchemaChoices = (part: JsonSchemaPart): readonly SchemaChoices[] =>
  ['oneOf', 'anyOf'].flatMap((keyword) => {
    const all = listSubschemas(part, keyword);
    const real = all.filter(({ at }) => !isNullSchema(at));
    return all.length > 0 ? [{ real, hasNull: real.length < all.length }] : [];
  });

/** Schemas that apply only to some values. */
export interface SchemaBranches {
  readonly parts: readonly JsonSchemaPart[];
  /** Whether one of them always applies. */
  readonly isChoice: boolean;
}

export const listSchemaBranches = (part: JsonSchemaPart): readonly SchemaBranches[] => {
  const { at, within } = part;
  const choices = listSchemaChoices(part).flatMap(({ real }) =>
    real.length > 1 ? [{ parts: real, isChoice: true }] : [],
  );
  const others = [
    at['then'],
    at['else'],
    ...listObjectValues(at['dependentSchemas']),
    ...listObjectValues(at['dependencies']),
  ];
  const parts = others.filter(isJsonObject).map((one) => ({ at: one, within }));
  return parts.length > 0 ? [...choices, { parts, isChoice: false }] : choices;
};

const listObjectValues = (value: unknown): readonly unknown[] =>
  isJsonObject(value) ? Object.values(value) : [];

const isNullSchema = ({ type, enum: values, const: value }: JsonSchemaObject): boolean =>
  type === 'null' ||
  value === null ||
  (Array.isArray(values) && values.length > 0 && values.every((one) => one === null));
