import { Problem, type ProblemCode, problems } from '../problem.ts';

/** A problem as the store keeps it, so that it can be returned again. */
export interface StoredProblem {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly status?: number;
  readonly remediation?: string;
  readonly native_code?: string;
  readonly step?: string;
  readonly steps?: readonly object[];
}

/** Bytes of JSON. A typical problem of a source has fewer, including its steps. */
const MAX_STORED_PROBLEM_BYTES = 750;

/**
 * Keeps what is needed to return the problem again. If it is too long, its steps are shortened, then left out, and then its texts are
 * truncated.
 */
export const toStoredProblem = ({ code, message, extras }: Problem): StoredProblem => {
  const { status, remediation, native_code: native, step, steps } = extras;
  const buildProblem = (maxTextBytes: number, shownSteps: readonly object[] | undefined): StoredProblem => ({
    code,
    detail: truncateJsonText(message, maxTextBytes),
    ...(status !== undefined && { status }),
    ...(remediation !== undefined && { remediation: truncateJsonText(remediation, maxTextBytes) }),
    ...(native !== undefined && { native_code: truncateJsonText(native, 60) }),
    ...(step !== undefined && { step: truncateJsonText(step, 20) }),
    ...(shownSteps && { steps: shownSteps }),
  });
  // Some callers conclude from `steps`, even if it is empty, that the source was dialled.
  const emptySteps = steps && [];
  return (
    [
      buildProblem(MAX_STORED_PROBLEM_BYTES, steps),
      buildProblem(MAX_STORED_PROBLEM_BYTES, steps?.map(shortenStep)),
      buildProblem(MAX_STORED_PROBLEM_BYTES, emptySteps),
    ].find((each) => measureJsonBytes(each) <= MAX_STORED_PROBLEM_BYTES) ?? buildProblem(250, emptySteps)
  );
};

/** Restores the problem. */
export const parseStoredProblem = ({ code, detail, ...extras }: StoredProblem): Problem =>
  new Problem(code in problems ? code : 'internal', detail, extras);

/** Removes from a step what the problem itself contains. */
const shortenStep = (step: object): object =>
  Object.fromEntries(
    Object.entries(step).filter(([name]) => ['step', 'status', 'duration_ms', 'code'].includes(name)),
  );

const measureJsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Truncates a text to at most `maxBytes` bytes of JSON, between two characters. */
const truncateJsonText = (text: string, maxBytes: number): string => {
  if (measureJsonBytes(text) <= maxBytes) return text;
  let end = 0;
  let bytes = 5; // the quotation marks and the ellipsis
  for (const character of text) {
    bytes += measureJsonBytes(character) - 2;
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return `${text.slice(0, end)}…`;
};
