import * as v from 'valibot';
import { type Complaint, Problem, type ProblemCode, type ProblemExtras } from './problem.ts';

/** Parses what comes from outside; what is wrong is told by path and expectation, never by what was received: it may be a password. */
export const parse = <S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  at = '',
  place?: ProblemExtras['place'],
): v.InferOutput<S> => {
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (!result.success) {
    // All that is wrong is told of what a person may have written. More takes seconds, and answers with megabytes.
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

/** How many complaints an answer has at the most. */
const MAX_COMPLAINTS = 100;

/** The problem that tells all complaints at once, up to 100. */
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

/** Far more values than any request has that somebody wrote. */
const SMALL = 5000;

/** Whether a value holds so few others that what is wrong with each can be told. */
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
 * What valibot lets through and leaves out: a list in place of an object, and names such as `__proto__` and `constructor`. And what a
 * store would: half of a character.
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
 * The name of a field as it may be repeated: one that no field could have (`Tr0ub4dor&3`, a sentence, a key in PEM) may be a secret that a
 * program put in the place of a name.
 */
export const tellName = (name: string): string =>
  name === '' || /^[A-Za-z0-9_$][\w$.:/-]{0,99}$/.test(name) ? name : '*';

/**
 * The same of a name that no field has. It must look like one that somebody wrote, in words with digits at their ends: tokens and passwords
 * have digits and capitals anywhere. A password of plain words cannot be told from a name.
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
  // valibot's own messages say what was received; those that we write ourselves do not.
  const ours = message.startsWith('Invalid ') ? undefined : message;
  const rule = ruleOf(issue);
  if (rule === 'unknown') return ours ?? 'no such field';
  if (rule === 'missing') return 'a value: it is required';
  if (ours !== undefined) return ours;
  const [, sign, number] = /^([<>]=?)(\d+)$/.exec(expected ?? '') ?? [];
  if (sign && number) {
    const unit = /length/.test(type) ? (typeof issue.input === 'string' ? ' characters' : ' items') : '';
    return `${sign === '>=' ? 'at least' : 'at most'} ${number}${unit}`;
  }
  return expected ?? 'another value';
};
