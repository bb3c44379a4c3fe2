import type { WireFormat } from '../http/wire-format.ts';
import type { RecordedStep } from '../network/step-recorder.ts';
import { type FieldError, Problem, type ProblemCode, problems } from '../problem.ts';
import { publishedProblems } from './published-problems.ts';
import { publishedSentences } from './published-sentences.ts';

/** The texts of the four other APIs: they stay as they were published, whatever Mooring's own API says today. */
export const publishedTexts: NonNullable<WireFormat['texts']> = {
  problems: publishedProblems,
  restore: (problem) => {
    const { code, message, extras, cause } = problem;
    const { errors, remediation, steps } = extras;
    const restored = errors?.map((fieldError) => ({
      ...fieldError,
      expected: restorePublishedText(fieldError.expected, code),
    }));
    const detail = errors && restored ? restoreExpectations(message, errors, restored) : message;
    return new Problem(code, detail === message ? restorePublishedText(message, code) : detail, {
      ...extras,
      ...(restored && { errors: restored }),
      ...(steps && { steps: steps.map(restoreStep) }),
      ...(remediation !== undefined && { remediation: restorePublishedText(remediation, code) }),
      cause,
    });
  },
};

/** A step has the remediation of its own problem. */
const restoreStep = (step: object): object => {
  const { code, remediation } = step as Partial<RecordedStep>; // `createStepRecorder` lists these
  return code === undefined || remediation === undefined
    ? step
    : { ...step, remediation: restorePublishedText(remediation, code) };
};

/** Returns what a text of the core was when the four APIs were published. A text that has not changed stays. */
export const restorePublishedText = (text: string, code: ProblemCode): string => {
  const [now, before] = [problems[code], publishedProblems[code]];
  if (text === now.title) return before.title;
  if (text === now.remediation) return before.remediation;
  const end = new RegExp(`: ${escapePattern(lowerFirst(now.title))}( \\([^()]*\\))?\\.$`);
  if (end.test(text)) return text.replace(end, (_, native = '') => `: ${lowerFirst(before.title)}${native}.`);
  for (const { pattern, published } of sentencePatterns) {
    const found = pattern.exec(text);
    if (found) return fillSentence(published, found.slice(1));
  }
  return text;
};

/** Replaces the expectations that a message repeats, in their order. */
const restoreExpectations = (
  message: string,
  errors: readonly FieldError[],
  restored: readonly FieldError[],
): string => {
  let from = 0;
  let text = message;
  for (const [at, { expected }] of errors.entries()) {
    const found = text.indexOf(`expected ${expected}`, from);
    if (found < 0) return text;
    const begin = found + 'expected '.length;
    const published = restored[at]?.expected ?? expected;
    text = text.slice(0, begin) + published + text.slice(begin + expected.length);
    from = begin + published.length;
  }
  return text;
};

const lowerFirst = (title: string): string => title.charAt(0).toLowerCase() + title.slice(1);

const escapePattern = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Each `{}` of a sentence stands for a value. */
const sentencePatterns = publishedSentences.map(([now, published]) => ({
  pattern: new RegExp(`^${now.split('{}').map(escapePattern).join('(.*?)')}$`, 's'),
  published,
}));

const fillSentence = (sentence: string, values: readonly string[]): string =>
  sentence.split('{}').reduce((text, part, at) => text + (values[at - 1] ?? '') + part);
