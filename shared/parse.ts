import * as v from 'valibot';
import { type Complaint, Problem, type ProblemCode, type ProblemExtras } from './problem.ts';

/** Parses what comes from outside; what is wrong is told by path and expectation, never by what was received: it may be a password. */
export const parse = <S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  at = '',
  place?: ProblemExtras['place'],
): v.InferOutput<S> => {
  const result = v.safeParse(schema, input);
  if (!result.success) {
    throw refusal(
      result.issues.map((issue) => complaintOf(issue, at)),
      'invalid-request',
      place,
    );
  }
  const changed = lost(input, result.output, at);
  if (changed.length > 0) throw refusal(changed, 'invalid-request', place);
  return result.output;
};

export type { Complaint };

/** The problem that tells all complaints at once. */
export const refusal = (
  complaints: readonly Complaint[],
  code: ProblemCode = 'invalid-request',
  place?: ProblemExtras['place'],
) =>
  new Problem(
    code,
    complaints
      .slice(0, 5)
      .map(({ path, expected }) => `${path || 'the request'}: expected ${expected}`)
      .join('; '),
    { errors: complaints, ...(place && { place }) },
  );

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

const complaintOf = (issue: v.BaseIssue<unknown>, at: string): Complaint => {
  return { path: pathOf(at, dotPathOf(issue)), expected: expectationOf(issue), rule: ruleOf(issue) };
};

const dotPathOf = ({ path }: v.BaseIssue<unknown>): string =>
  path?.map(({ key }) => tellName(String(key))).join('.') ?? '';

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
