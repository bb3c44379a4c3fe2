import { Problem, type ProblemExtras } from '../problem.ts';

/** Why a probe process ended without an answer. */
export type ProbeEnding =
  /** It exceeded its memory limit. */
  | 'memory'
  /** It exceeded its time limit, or computed for too long without a pause. */
  | 'time'
  /** The reason is unknown, or has nothing to do with the source. */
  | 'unknown';

/** The problem that the caller sees. */
export const toEndingProblem = (ending: ProbeEnding, { cause }: ErrorOptions = {}): Problem => {
  const { code, detail, ...extras } = problemsByEnding[ending];
  return new Problem(code, detail, { ...extras, cause });
};

interface EndingProblem extends Pick<ProblemExtras, 'remediation'> {
  readonly code: 'source-too-large' | 'timeout' | 'unavailable';
  readonly detail: string;
}

const problemsByEnding: Readonly<Record<ProbeEnding, EndingProblem>> = {
  memory: {
    code: 'source-too-large',
    detail: 'The data from the source needs more memory than the probe has',
  },
  time: {
    code: 'timeout',
    detail: 'The data from the source could not be read in time',
    remediation:
      'Check the host and the port. If they are right, read less: set `schemas` or `excluded_schemas`.',
  },
  unknown: { code: 'unavailable', detail: 'The probe ended without a result' },
};
