import * as v from 'valibot';
import { type Complaint, Problem, type ProblemCode, type ProblemExtras } from './problem.ts';

/** Parses external input. Throws a problem that names paths and expectations, never the received values, which may be passwords. */
export const parse = <S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  at = '',
  place?: ProblemExtras['place'],
): v.InferOutput<S> => {
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (!result.success) {
    // Reports every error only for a small input. For a large one that takes seconds and produces megabytes.
    const issues = isSmall(input) ? (v.safeParse(schema, input).issues ?? result.issues) : result.issues;
    throw refusal(
      issues.map((issue) => complaintOf(issue, at)),
      'invalid-request',
      place,
    );
  }
  const changed = lost(input, result.output, at);
  if (changed.length > 0) throw refusal(changed, 'invalid-request', place);
  return result.output;
};

export type { Complaint };

/** The maximum number of field errors in an answer. */
const MAX_COMPLAINTS = 100;

/** Creates a problem with up to `MAX_FIELD_ERRORS` field errors; its detail spells out the first five. */
export const refusal = (
  complaints: readonly Complaint[],
  code: ProblemCode = 'invalid-request',
  place?: ProblemExtras['place'],
) => {
  const sentences = complaints
    .slice(0, 5)
    .map(({ path, expected }) => `${path || 'the request'}: expected ${expected}`);
  const left = complaints.length - MAX_COMPLAINTS;
  return new Problem(code, [...sentences, ...(left > 0 ? [`and ${left} more`] : [])].join('; '), {
    errors: complaints.slice(0, MAX_COMPLAINTS),
    ...(place && { place }),
  });
};

/** The maximum number of values in a small input: far more than a handwritten request has. */
const SMALL = 5000;

/** Whether a value holds few enough nested values to report every error. */
const isSmall = (input: unknown): boolean => {
  const waiting: unknown[] = [input];
  for (let seen = 0; waiting.length > 0; seen += 1) {
    if (seen + waiting.length > SMALL) return false;
    const value = waiting.pop();
    if (isObject(value)) for (const inner of Object.values(value)) waiting.push(inner);
  }
  return true;
};

/**
 * Finds what valibot accepts and silently drops: a list in place of an object, and names such as `__proto__` and `constructor`. Also finds
 * lone surrogates, which a store would not keep.
 */
const lost = (input: unknown, output: unknown, at: string): Complaint[] => {
  if (typeof input === 'string')
    return input.isWellFormed() ? [] : [{ path: at, expected: 'well-formed Unicode' }];
  if (!isObject(input) || !isObject(output)) return [];
  if (Array.isArray(input) !== Array.isArray(output)) return [{ path: at, expected: 'an object' }];
  return Object.entries(input).flatMap(([name, value]) => {
    const path = pathOf(at, tellName(name));
    if (!Object.hasOwn(output, name))
      return value === undefined ? [] : [{ path, expected: 'no field of this name', rule: 'unknown' }];
    return [...lost(name, name, at), ...lost(value, output[name], path)];
  });
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const pathOf = (...names: readonly string[]) => names.filter(Boolean).join('.').slice(0, 200);

/**
 * Returns the name of a field if it is safe to repeat, else `*`: a name that no field could have (`Tr0ub4dor&3`, a sentence, a key in PEM)
 * may be a secret that a program sent as a name.
 */
export const tellName = (name: string): string =>
  name === '' || /^[A-Za-z0-9_$][\w$.:/-]{0,99}$/.test(name) ? name : '*';

/**
 * Does the same for a name that no field has, with a stricter rule: words with digits only at their ends. Tokens and passwords have digits and
 * capitals anywhere. A password made of plain words cannot be distinguished from a name.
 */
export const tellUnknownName = (name: string): string => {
  const words = name.split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/).filter(Boolean);
  const letters = words.reduce((sum, word) => sum + word.replaceAll(/\d/g, '').length, 0);
  const looksWritten =
    name.length <= 60 &&
    words.every((word) => /^[A-Za-z]{0,20}\d{0,4}$/.test(word)) &&
    (words.length < 3 || letters > 2 * words.length || name === name.toLowerCase());
  return looksWritten ? tellName(name) : '*';
};

const complaintOf = (issue: v.BaseIssue<unknown>, at: string): Complaint => {
  const rule = ruleOf(issue);
  return { path: pathOf(at, dotPathOf(issue, rule)), expected: expectationOf(issue), rule };
};

const dotPathOf = ({ path }: v.BaseIssue<unknown>, rule: string): string =>
  path
    ?.map(({ key }, at) =>
      rule === 'unknown' && at === path.length - 1 ? tellUnknownName(String(key)) : tellName(String(key)),
    )
    .join('.') ?? '';

const ruleOf = ({ kind, type, expected }: v.BaseIssue<unknown>): string => {
  if (expected === 'never') return 'unknown';
  return kind === 'schema' && /object(_with_rest)?$/.test(type) && expected?.startsWith('"')
    ? 'missing'
    : type;
};

const expectationOf = (issue: v.BaseIssue<unknown>): string => {
  const { type, expected, message } = issue;
  // Messages of valibot quote the received value; messages that the schemas set do not.
  const ours = message.startsWith('Invalid ') ? undefined : message;
  const rule = ruleOf(issue);
  if (rule === 'unknown') return ours ?? 'no such field';
  if (rule === 'missing') return 'a value: it is required';
  if (ours !== undefined) return ours;
  const [, sign, number] = /^([<>]=?)(\d+)$/.exec(expected ?? '') ?? [];
  if (sign && number) {
    const lengthUnit = typeof issue.input === 'string' ? ' characters' : ' items';
    const unit = /length/.test(type) ? lengthUnit : '';
    return `${sign === '>=' ? 'at least' : 'at most'} ${number}${unit}`;
  }
  return expected ?? 'another value';
};
