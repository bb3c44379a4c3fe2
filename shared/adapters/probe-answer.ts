import type { Log } from '../log.ts';
import { Problem, problems, type ProblemCode, type ProblemExtras } from '../problem.ts';

/** What a function of the probe answers: a Problem crosses as data, so that no detail is lost in a stack trace. */
export type ProbeAnswer<T = unknown> =
  | { readonly answer: T }
  | {
      readonly problem: {
        readonly code: ProblemCode;
        readonly detail: string;
        readonly extras: ProblemExtras;
      };
    };

/** Runs a part of the probe and packs what comes of it for the way back; what is no Problem is logged here and only here. */
export const packed = async <T>(work: Promise<T>, log: Log): Promise<ProbeAnswer<T>> => {
  try {
    return { answer: await work };
  } catch (error) {
    if (!(error instanceof Problem)) log.error('failed', error);
    const { code, message, extras } = error instanceof Problem ? error : new Problem('internal');
    return { problem: { code, detail: log.clean(message), extras } };
  }
};

/** The other end of `packed`. */
export const unpacked = (answer: ProbeAnswer): unknown => {
  if ('answer' in answer) return answer.answer;
  const { code, detail, extras } = answer.problem;
  throw new Problem(code in problems ? code : 'internal', detail, extras);
};
