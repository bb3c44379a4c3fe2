import { asUnavailable } from '../adapters/storage-fault.ts';
import type { Log } from '../log.ts';
import { Problem, problems } from '../problem.ts';
import { type Api, type Failing, isFailing } from './api.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Converts a problem to an answer: an RFC 9457 document, or the form of another API. */
export const problemAnswer = (
  problem: Problem,
  requestId: string,
  clean: (text: string) => string,
  api?: Api,
): HttpAnswer => {
  if (isFailing(api)) return failureAnswer(problem, clean, api);
  const { title, blame, retryable, cure, ...kind } = problems[problem.code];
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
      remediation: remediation ?? cure,
      ...(native_code !== undefined && { native_code }),
      ...(steps && { steps }),
      ...(usages && { usages }),
      request_id: requestId,
    }),
  };
};

const failureAnswer = (problem: Problem, clean: (text: string) => string, api: Failing): HttpAnswer => {
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
  api?: Api,
): HttpAnswer => {
  try {
    return problemAnswer(problem, requestId, log.clean, api);
  } catch (error) {
    log.error('a problem could not be rendered', error, { code: problem.code });
    return problemAnswer(new Problem('internal'), requestId, log.clean, api);
  }
};

/** Converts any error to a problem. Only a `Problem` and a storage fault keep their meaning; any other error becomes `internal`. */
export const problemFrom = (error: unknown): Problem => {
  const known = asUnavailable(error, 'A file that Mooring needs');
  return known instanceof Problem ? known : new Problem('internal', undefined, { cause: error });
};
