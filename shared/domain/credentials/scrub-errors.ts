import { cutText, MAX_REMEDIATION_CHARACTERS } from '../../characters.ts';
import type { TestStep } from '../testing/test-result.ts';
import type { Log } from '../../log.ts';
import { Problem, type ProblemExtras } from '../../problem.ts';
import { toStorageProblem } from '../../storage-fault.ts';

type ScrubText = Log['clean'];

/**
 * Removes secrets from every error that leaves the probe: a server receives them and may send them back. Errors that are not Problems are
 * logged here, where the secrets are known, and nowhere else.
 */
export const withScrubbedErrors = async <T>(log: Log, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw scrubProblem(error, log);
  }
};

/** A thrown Problem without secrets in it. Any other error is logged and becomes `internal`. */
export const scrubProblem = (thrown: unknown, { clean, error: report }: Log): Problem => {
  const error = toStorageProblem(thrown, 'A file that Mooring needs');
  if (!(error instanceof Problem)) {
    report('failed', error);
    return new Problem('internal');
  }
  const { code, message, extras, cause } = error;
  return new Problem(code, clean(message), { ...scrubProblemExtras(extras, clean), cause });
};

/**
 * Scrubs the parts of a step that a server can influence: the native code, and the names in the remediation for missing privileges. The
 * remediation is our own sentence, so a short secret only removes names from it, except those in `known`, and never the whole sentence.
 */
export const scrubStep = <S extends Pick<TestStep, 'step' | 'native_code' | 'remediation'>>(
  { native_code: native, ...step }: S,
  clean: ScrubText,
  known: ReadonlySet<string> = new Set(),
) => ({
  ...step,
  ...(native !== undefined && clean(native) === native && { native_code: native }),
  ...(step.remediation !== undefined &&
    step.step === 'privileges' && {
      remediation: cutText(clean(step.remediation, known), MAX_REMEDIATION_CHARACTERS),
    }),
});

const scrubProblemExtras = (
  { native_code: native, steps, ...extras }: ProblemExtras,
  clean: ScrubText,
): ProblemExtras => ({
  ...extras,
  ...(native !== undefined && clean(native) === native && { native_code: native }),
  ...(steps && { steps: steps.map((step) => scrubStep(step as TestStep, clean)) }), // recorded by a step recorder
});
