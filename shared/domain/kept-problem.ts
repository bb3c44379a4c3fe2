import { Problem, type ProblemCode, problems } from '../problem.ts';

/** A problem as the store keeps it, to be answered again. */
export interface KeptProblem {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly status?: number;
  readonly remediation?: string;
  readonly native_code?: string;
  readonly step?: string;
  readonly steps?: readonly object[];
}

/** Bytes of JSON; the usual problem of a source has fewer, with all its steps. */
const mostBytes = 750;

/** What it takes to answer the problem again. Of one that is too long the steps are left out first, and then the end of its texts. */
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
  // Some callers tell by the steps, even by none, that the source was dialled.
  const none = steps && [];
  return (
    [kept(mostBytes, steps), kept(mostBytes, steps?.map(shortStep)), kept(mostBytes, none)].find(
      (each) => bytesOf(each) <= mostBytes,
    ) ?? kept(250, none)
  );
};

/** The problem again. */
export const recallProblem = ({ code, detail, ...extras }: KeptProblem): Problem =>
  new Problem(code in problems ? code : 'internal', detail, extras);

/** A step without what the problem itself says. */
const shortStep = (step: object): object =>
  Object.fromEntries(
    Object.entries(step).filter(([name]) => ['step', 'status', 'duration_ms', 'code'].includes(name)),
  );

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** A text that takes at most so many bytes of JSON, cut between characters. */
const cut = (text: string, most: number): string => {
  if (bytesOf(text) <= most) return text;
  let end = 0;
  let bytes = 5; // the marks and the ellipsis
  for (const character of text) {
    bytes += bytesOf(character) - 2;
    if (bytes > most) break;
    end += character.length;
  }
  return `${text.slice(0, end)}…`;
};
