import type { Log } from '../log.ts';
import { Problem, problems, type ProblemCode, type ProblemExtras } from '../problem.ts';

/** The answer of a probe function. A Problem is sent as data, so that no detail is lost in a stack trace. */
export type ProbeAnswer<T = unknown> =
  | { readonly answer: T }
  | {
      readonly problem: {
        readonly code: ProblemCode;
        readonly detail: string;
        readonly extras: ProblemExtras;
      };
    };

/** Awaits the work and encodes its result or its Problem as an answer. Any other error is logged here, and nowhere else. */
export const encodeProbeAnswer = async <T>(work: Promise<T>, log: Log): Promise<ProbeAnswer<T>> => {
  try {
    return { answer: await work };
  } catch (error) {
    if (!(error instanceof Problem)) log.error('probe call failed', error);
    const { code, message, extras } = error instanceof Problem ? error : new Problem('internal');
    return { problem: { code, detail: log.clean(message), extras } };
  }
};

/** The inverse of `encodeProbeAnswer`: returns the result or throws the Problem. */
export const decodeProbeAnswer = (answer: ProbeAnswer): unknown => {
  if ('answer' in answer) return answer.answer;
  const { code, detail, extras } = answer.problem;
  throw new Problem(code in problems ? code : 'internal', detail, extras);
};
