import type { MongodbDocument } from './document.ts';

/** A rule of a validator for one field. */
export interface ValidatorRule {
  readonly types: readonly string[];
  /** True when the field and all fields that contain it are required. */
  readonly required: boolean;
  readonly comment: string | null;
}

/** Rules by path; the empty path is the collection itself. https://www.mongodb.com/docs/manual/core/schema-validation/ */
export const parseValidatorRules = (
  validator: unknown,
  isEnforced = true,
): ReadonlyMap<string, ValidatorRule> => {
  const schema = isMongodbDocument(validator) ? validator['$jsonSchema'] : undefined;
  if (!isMongodbDocument(schema)) return noValidatorRules;
  const rules = new Map<string, ValidatorRule>();
  collectValidatorRules(rules, schema, '', isEnforced, 0);
  return rules;
};

const noValidatorRules: ReadonlyMap<string, ValidatorRule> = new Map();
const MAX_VALIDATOR_RULES = 2000;
/** Longer paths are data, and each would prefix the paths of all fields within. */
const MAX_RULE_PATH_CHARACTERS = 2000;
const MAX_VALIDATOR_DEPTH = 16;

const collectValidatorRules = (
  rules: Map<string, ValidatorRule>,
  schema: MongodbDocument,
  path: string,
  required: boolean,
  depth: number,
): void => {
  const { properties, items, required: names } = schema;
  if (
    rules.size >= MAX_VALIDATOR_RULES ||
    depth > MAX_VALIDATOR_DEPTH ||
    path.length > MAX_RULE_PATH_CHARACTERS
  )
    return;
  // The rule for an array's elements has the path of the array.
  if (!rules.has(path))
    rules.set(path, { types: listRuleTypes(schema), required, comment: findRuleComment(schema) });
  if (isMongodbDocument(items)) collectValidatorRules(rules, items, path, false, depth + 1);
  if (!isMongodbDocument(properties)) return;
  const needed = new Set(Array.isArray(names) ? names : []);
  for (const [name, inner] of Object.entries(properties)) {
    if (isMongodbDocument(inner)) {
      collectValidatorRules(
        rules,
        inner,
        path === '' ? name : `${path}.${name}`,
        required && needed.has(name),
        depth + 1,
      );
    }
  }
};

const listRuleTypes = ({ bsonType, type }: MongodbDocument): readonly string[] => {
  const declared = bsonType ?? type;
  return (Array.isArray(declared) ? declared : [declared]).filter((name) => typeof name === 'string');
};

const findRuleComment = ({ description, title }: MongodbDocument): string | null => {
  if (typeof description === 'string') return description;
  return typeof title === 'string' ? title : null;
};

const isMongodbDocument = (value: unknown): value is MongodbDocument =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
