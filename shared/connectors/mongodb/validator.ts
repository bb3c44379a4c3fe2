import type { Document } from './link.ts';

/** What a validator says of one field. */
export interface Rule {
  readonly types: readonly string[];
  /** It and all that it is inside of. */
  readonly required: boolean;
  readonly comment: string | null;
}

/** Of a collection by path, and of itself under the empty one. https://www.mongodb.com/docs/manual/core/schema-validation/ */
export const rulesOf = (validator: unknown, isEnforced = true): ReadonlyMap<string, Rule> => {
  const schema = isDocument(validator) ? validator['$jsonSchema'] : undefined;
  if (!isDocument(schema)) return noRules;
  const rules = new Map<string, Rule>();
  collect(rules, schema, '', isEnforced, 0);
  return rules;
};

const noRules: ReadonlyMap<string, Rule> = new Map();
const most = 2000;
/** Characters. Longer paths are data, and each stands before all that is inside of it. */
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
  // The one of an array's elements has the path of the array.
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

const commentIn = ({ description, title }: Document): string | null =>
  typeof description === 'string' ? description : typeof title === 'string' ? title : null;

const isDocument = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
