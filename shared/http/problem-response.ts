import { toStorageProblem } from '../storage-fault.ts';
import type { Log } from '../log.ts';
import { Problem, problems } from '../problem.ts';
import { type WireFormat, type FailureFormat, hasFailureFormat } from './wire-format.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Converts a problem to an answer: an RFC 9457 document, or the form of another API. */
export const toProblemAnswer = (
  thrown: Problem,
  requestId: string,
  clean: (text: string) => string,
  api?: WireFormat,
): HttpAnswer => {
  const problem = api?.texts?.restore(thrown) ?? thrown;
  if (hasFailureFormat(api)) return toFailureAnswer(problem, clean, api);
  const { blame, retryable, ...kind } = problems[problem.code];
  const { title, remediation: usual } = api?.texts?.problems[problem.code] ?? kind;
  const { status = kind.status } = problem.extras;
  const { errors, remediation, native_code, steps, usages, headers } = problem.extras;
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(retryable && status === 503 && { 'retry-after': '5' }),
      ...headers,
    },
    body: JSON.stringify({
      type: `/v1/problems/${problem.code}`,
      title,
      status,
      detail: clean(problem.message),
      code: problem.code,
      ...(errors && { errors: errors.map(({ path, expected }) => ({ path, expected })) }),
      retryable,
      blame,
      remediation: remediation ?? usual,
      ...(native_code !== undefined && { native_code }),
      ...(steps && { steps }),
      ...(usages && { usages }),
      request_id: requestId,
    }),
  };
};

const toFailureAnswer = (
  problem: Problem,
  clean: (text: string) => string,
  api: FailureFormat,
): HttpAnswer => {
  const { status, body, headers } = api.failure(problem, clean);
  return {
    status,
    headers: {
      'content-type': 'application/json',
      ...(problems[problem.code].retryable && status === 503 && { 'retry-after': '5' }),
      ...problem.extras.headers,
      ...headers,
    },
    body: JSON.stringify(body),
  };
};

/** Renders a problem. Answers `internal` if the problem cannot be rendered, so that a caller always gets an answer. */
export const renderProblem = (
  problem: Problem,
  requestId: string,
  log: Pick<Log, 'clean' | 'error'>,
  api?: WireFormat,
): HttpAnswer => {
  try {
    return toProblemAnswer(problem, requestId, log.clean, api);
  } catch (error) {
    log.error('problem rendering failed', error, { code: problem.code });
    return toProblemAnswer(new Problem('internal'), requestId, log.clean, api);
  }
};

/** Converts any error to a problem. Only a `Problem` and a storage fault keep their meaning; any other error becomes `internal`. */
export const toProblem = (error: unknown): Problem => {
  const known = toStorageProblem(error, 'A file that Mooring needs');
  return known instanceof Problem ? known : new Problem('internal', undefined, { cause: error });
};
