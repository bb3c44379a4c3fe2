import type { Document } from './link.ts';

/** A rule of a validator for one field. */
export interface Rule {
  readonly types: readonly string[];
  /** True when the field and all fields that contain it are required. */
  readonly required: boolean;
  readonly comment: string | null;
}

/** Rules by path; the empty path is the collection itself. https://www.mongodb.com/docs/manual/core/schema-validation/ */
export const rulesOf = (validator: unknown, isEnforced = true): ReadonlyMap<string, Rule> => {
  const schema = isDocument(validator) ? validator['$jsonSchema'] : undefined;
  if (!isDocument(schema)) return noRules;
  const rules = new Map<string, Rule>();
  collect(rules, schema, '', isEnforced, 0);
  return rules;
};

const noRules: ReadonlyMap<string, Rule> = new Map();
const most = 2000;
/** Longer paths are data, and each would prefix the paths of all fields within. */
const longestPath = 2000;
const deepest = 16;

const collect = (
  rules: Map<string, Rule>,
  schema: Document,
  path: string,
  required: boolean,
  depth: number,
): void => {
  const { properties, items, required: names } = schema;
  if (rules.size >= most || depth > deepest || path.length > longestPath) return;
  // The rule for an array's elements has the path of the array.
  if (!rules.has(path)) rules.set(path, { types: typesIn(schema), required, comment: commentIn(schema) });
  if (isDocument(items)) collect(rules, items, path, false, depth + 1);
  if (!isDocument(properties)) return;
  const needed = new Set(Array.isArray(names) ? names : []);
  for (const [name, inner] of Object.entries(properties)) {
    if (isDocument(inner)) {
      collect(rules, inner, path === '' ? name : `${path}.${name}`, required && needed.has(name), depth + 1);
    }
  }
};

const typesIn = ({ bsonType, type }: Document): readonly string[] => {
  const said = bsonType ?? type;
  return (Array.isArray(said) ? said : [said]).filter((name) => typeof name === 'string');
};

const commentIn = ({ description, title }: Document): string | null => {
  if (typeof description === 'string') return description;
  return typeof title === 'string' ? title : null;
};

const isDocument = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
