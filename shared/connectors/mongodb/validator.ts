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
  const rules = new Map<string, ValidatorRule>();
  for (const schema of listValidatorSchemas(validator, 0)) {
    const own = new Map<string, ValidatorRule>();
    collectValidatorRules(own, schema, '', isEnforced, 0);
    for (const [path, rule] of own)
      if (rules.size < MAX_VALIDATOR_RULES) rules.set(path, mergeRules(rules.get(path), rule));
  }
  return rules;
};

const mergeRules = (first: ValidatorRule | undefined, second: ValidatorRule): ValidatorRule => ({
  types: first && first.types.length > 0 ? first.types : second.types,
  required: first?.required === true || second.required,
  comment: first?.comment ?? second.comment,
});

/** All schemas that a document must match: the validator's own, and those that it joins with `$and`. */
const listValidatorSchemas = (validator: unknown, depth: number): readonly MongodbDocument[] => {
  if (!isMongodbDocument(validator) || depth > MAX_JOIN_DEPTH) return [];
  const { $jsonSchema: schema, $and: joined } = validator;
  return [
    ...(isMongodbDocument(schema) ? [schema] : []),
    ...(Array.isArray(joined) ? joined.slice(0, MAX_JOINED_SCHEMAS) : []).flatMap((part: unknown) =>
      listValidatorSchemas(part, depth + 1),
    ),
  ];
};

const MAX_VALIDATOR_RULES = 2000;
const MAX_JOINED_SCHEMAS = 20;
const MAX_JOIN_DEPTH = 2;
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
    // A field whose name is empty has no path of its own.
    if (name !== '' && isMongodbDocument(inner)) {
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
