import { Problem, type ProblemCode, problems } from '../problem.ts';

/** A problem as the store keeps it, so that it can be returned again. */
export interface KeptProblem {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly status?: number;
  readonly remediation?: string;
  readonly native_code?: string;
  readonly step?: string;
  readonly steps?: readonly object[];
}

/** Bytes of JSON. A typical problem of a source has fewer, including its steps. */
const mostBytes = 750;

/**
 * Keeps what is needed to return the problem again. If it is too long, its steps are shortened, then left out, and then its texts are
 * truncated.
 */
export const keepProblem = ({ code, message, extras }: Problem): KeptProblem => {
  const { status, remediation, native_code: native, step, steps } = extras;
  const kept = (most: number, shownSteps: readonly object[] | undefined): KeptProblem => ({
    code,
    detail: cut(message, most),
    ...(status !== undefined && { status }),
    ...(remediation !== undefined && { remediation: cut(remediation, most) }),
    ...(native !== undefined && { native_code: cut(native, 60) }),
    ...(step !== undefined && { step: cut(step, 20) }),
    ...(shownSteps && { steps: shownSteps }),
  });
  // Some callers conclude from `steps`, even if it is empty, that the source was dialled.
  const none = steps && [];
  return (
    [kept(mostBytes, steps), kept(mostBytes, steps?.map(shortStep)), kept(mostBytes, none)].find(
      (each) => bytesOf(each) <= mostBytes,
    ) ?? kept(250, none)
  );
};

/** Restores the problem. */
export const recallProblem = ({ code, detail, ...extras }: KeptProblem): Problem =>
  new Problem(code in problems ? code : 'internal', detail, extras);

/** Removes from a step what the problem itself contains. */
const shortStep = (step: object): object =>
  Object.fromEntries(
    Object.entries(step).filter(([name]) => ['step', 'status', 'duration_ms', 'code'].includes(name)),
  );

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Truncates a text to at most `maxBytes` bytes of JSON, between two characters. */
const cut = (text: string, most: number): string => {
  if (bytesOf(text) <= most) return text;
  let end = 0;
  let bytes = 5; // the quotation marks and the ellipsis
  for (const character of text) {
    bytes += bytesOf(character) - 2;
    if (bytes > most) break;
    end += character.length;
  }
  return `${text.slice(0, end)}…`;
};
