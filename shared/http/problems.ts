import { Problem, problems } from '../problem.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What every 415, 400 … of ours looks like: RFC 9457. */
export const problemAnswer = (
  problem: Problem,
  requestId: string,
  clean: (text: string) => string,
): HttpAnswer => {
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
      ...(errors && { errors }),
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

/** Only a `Problem` tells the caller why; all else is `internal`. */
export const problemFrom = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem('internal', undefined, { cause: error });
