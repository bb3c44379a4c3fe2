import * as v from 'valibot';
import { type FieldError, Problem, type ProblemCode, type ProblemExtras } from './problem.ts';

/** Parses external input. Throws a problem that names paths and expectations, never the received values, which may be passwords. */
export const parseInput = <S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  at = '',
  requestPart?: ProblemExtras['requestPart'],
): v.InferOutput<S> => {
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (!result.success) {
    // Reports every error only for a small input. For a large one that takes seconds and produces megabytes.
    const issues = isSmallInput(input) ? (v.safeParse(schema, input).issues ?? result.issues) : result.issues;
    throw createFieldProblem(
      issues.map((issue) => toFieldError(issue, at)),
      'invalid-request',
      requestPart,
    );
  }
  const lostFields = findLostFields(input, result.output, at);
  if (lostFields.length > 0) throw createFieldProblem(lostFields, 'invalid-request', requestPart);
  return result.output;
};

export type { FieldError };

/** The maximum number of field errors in an answer. */
const MAX_FIELD_ERRORS = 100;

/** Creates a problem with up to `MAX_FIELD_ERRORS` field errors; its detail spells out the first five. */
export const createFieldProblem = (
  fieldErrors: readonly FieldError[],
  code: ProblemCode = 'invalid-request',
  requestPart?: ProblemExtras['requestPart'],
) => {
  const sentences = fieldErrors
    .slice(0, 5)
    .map(({ path, expected }) => `${path || 'the request'}: expected ${expected}`);
  const omitted = fieldErrors.length - MAX_FIELD_ERRORS;
  return new Problem(code, [...sentences, ...(omitted > 0 ? [`and ${omitted} more`] : [])].join('; '), {
    errors: fieldErrors.slice(0, MAX_FIELD_ERRORS),
    ...(requestPart && { requestPart }),
  });
};

/** The maximum number of values in a small input: far more than a handwritten request has. */
const MAX_SMALL_INPUT_VALUES = 5000;

/** Whether a value holds few enough nested values to report every error. */
const isSmallInput = (input: unknown): boolean => {
  const waiting: unknown[] = [input];
  for (let seen = 0; waiting.length > 0; seen += 1) {
    if (seen + waiting.length > MAX_SMALL_INPUT_VALUES) return false;
    const value = waiting.pop();
    if (isInputObject(value)) for (const inner of Object.values(value)) waiting.push(inner);
  }
  return true;
};

/**
 * Finds what valibot accepts and silently drops: a list in place of an object, and names such as `__proto__` and `constructor`. Also finds
 * lone surrogates, which a store would not keep.
 */
const findLostFields = (input: unknown, output: unknown, at: string): FieldError[] => {
  if (typeof input === 'string')
    return input.isWellFormed() ? [] : [{ path: at, expected: 'well-formed Unicode' }];
  if (!isInputObject(input) || !isInputObject(output)) return [];
  if (Array.isArray(input) !== Array.isArray(output)) return [{ path: at, expected: 'an object' }];
  return Object.entries(input).flatMap(([name, value]) => {
    const path = joinFieldPath(at, maskFieldName(name));
    if (!Object.hasOwn(output, name))
      return value === undefined ? [] : [{ path, expected: 'no field with this name', rule: 'unknown' }];
    return [...findLostFields(name, name, at), ...findLostFields(value, output[name], path)];
  });
};

const isInputObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const joinFieldPath = (...names: readonly string[]) => names.filter(Boolean).join('.').slice(0, 200);

/**
 * Returns the name of a field if it is safe to repeat, else `*`: a name that no field could have (`Tr0ub4dor&3`, a sentence, a key in PEM)
 * may be a secret that a program sent as a name.
 */
export const maskFieldName = (name: string): string =>
  name === '' || /^[A-Za-z0-9_$][\w$.:/-]{0,99}$/.test(name) ? name : '*';

/**
 * Does the same for a name that no field has, with a stricter rule: words with digits only at their ends. Tokens and passwords have digits and
 * capitals anywhere. A password made of plain words cannot be distinguished from a name.
 */
export const maskUnknownName = (name: string): string => {
  const words = name.split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/).filter(Boolean);
  const letters = words.reduce((sum, word) => sum + word.replaceAll(/\d/g, '').length, 0);
  const looksWritten =
    name.length <= 60 &&
    words.every((word) => /^[A-Za-z]{0,20}\d{0,4}$/.test(word)) &&
    (words.length < 3 || letters > 2 * words.length || name === name.toLowerCase());
  return looksWritten ? maskFieldName(name) : '*';
};

const toFieldError = (issue: v.BaseIssue<unknown>, at: string): FieldError => {
  const rule = getIssueRule(issue);
  return { path: joinFieldPath(at, renderIssuePath(issue, rule)), expected: renderExpectation(issue), rule };
};

const renderIssuePath = ({ path }: v.BaseIssue<unknown>, rule: string): string =>
  path
    ?.map(({ key }, at) =>
      rule === 'unknown' && at === path.length - 1
        ? maskUnknownName(String(key))
        : maskFieldName(String(key)),
    )
    .join('.') ?? '';

const getIssueRule = ({ kind, type, expected }: v.BaseIssue<unknown>): string => {
  if (expected === 'never') return 'unknown';
  return kind === 'schema' && /object(_with_rest)?$/.test(type) && expected?.startsWith('"')
    ? 'missing'
    : type;
};

const renderExpectation = (issue: v.BaseIssue<unknown>): string => {
  const { type, expected, message } = issue;
  // Messages of valibot quote the received value; messages that the schemas set do not.
  const ownMessage = message.startsWith('Invalid ') ? undefined : message;
  const rule = getIssueRule(issue);
  if (rule === 'unknown') return ownMessage ?? 'no such field';
  if (rule === 'missing') return 'a value, because the field is required';
  if (ownMessage !== undefined) return ownMessage;
  const [, sign, number] = /^([<>]=?)(\d+)$/.exec(expected ?? '') ?? [];
  if (sign && number) {
    const lengthUnit = typeof issue.input === 'string' ? ' characters' : ' items';
    const unit = /length/.test(type) ? lengthUnit : '';
    return `${sign === '>=' ? 'at least' : 'at most'} ${number}${unit}`;
  }
  return expected ?? 'another value';
};
