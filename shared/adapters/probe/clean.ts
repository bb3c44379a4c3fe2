import { cutText, maxCure } from '../../characters.ts';
import type { Step } from '../../domain/test-result.ts';
import type { Log } from '../../log.ts';
import { Problem, type ProblemExtras } from '../../problem.ts';
import { asUnavailable } from '../storage-fault.ts';

type Clean = Log['clean'];

/**
 * Nothing leaves the probe with a secret in it, whatever a server put where: it has seen them, and may send them back. What is no
 * Problem is logged here, where it is known what to take out, and only here.
 */
export const cleanly = async <T>(log: Log, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw cleanProblem(error, log);
  }
};

/** What was thrown as a Problem without a secret in it; what was none is logged. */
export const cleanProblem = (thrown: unknown, { clean, error: report }: Log): Problem => {
  const error = asUnavailable(thrown, 'A file that Mooring needs');
  if (!(error instanceof Problem)) {
    report('failed', error);
    return new Problem('internal');
  }
  const { code, message, extras, cause } = error;
  return new Problem(code, clean(message), { ...cleanExtras(extras, clean), cause });
};

/**
 * Of a step only what a server can have had a hand in: its own code, and the names in what is to be granted. That is our own statement: a
 * short secret takes names out of it, but for those of `known`, and never the whole.
 */
export const cleanStep = <S extends Pick<Step, 'step' | 'native_code' | 'remediation'>>(
  { native_code: native, ...step }: S,
  clean: Clean,
  known: ReadonlySet<string> = new Set(),
) => ({
  ...step,
  ...(native !== undefined && clean(native) === native && { native_code: native }),
  ...(step.remediation !== undefined &&
    step.step === 'privileges' && { remediation: cutText(clean(step.remediation, known), maxCure) }),
});

const cleanExtras = (
  { native_code: native, steps, ...extras }: ProblemExtras,
  clean: Clean,
): ProblemExtras => ({
  ...extras,
  ...(native !== undefined && clean(native) === native && { native_code: native }),
  ...(steps && { steps: steps.map((step) => cleanStep(step as Step, clean)) }), // of a trail
});
