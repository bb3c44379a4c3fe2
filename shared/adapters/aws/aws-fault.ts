import { Problem } from '../../problem.ts';

/**
 * A failed AWS call as an error that is safe to show. The service's message is dropped: it may quote the values that were refused, and a
 * parser's message may quote an answer that it could not read.
 */
export const toAwsFault = (service: string, error: unknown): Error => {
  const { name, status, request } = readAwsError(error);
  const cause = new Error(
    `${service}: ${name}, HTTP ${status ?? 'not at all'}, request ${request ?? 'unknown'}`,
  );
  const refused = status !== undefined && status >= 400 && status < 500 && status !== 429;
  if (refused && !transientAwsErrors.test(name)) return cause;
  if (kmsKeyErrors.test(name))
    return new Problem('unavailable', 'The KMS key of this deployment cannot be used', {
      ...kmsKeyRemediation,
      cause,
    });
  return new Problem('unavailable', undefined, { cause });
};

/** The result of the call, or the result of `outcomes[name]` if AWS refuses it with an error of that name. */
export const callAws = async <T, U = never>(
  service: string,
  call: Promise<T>,
  outcomes: Readonly<Record<string, () => U>> = {},
): Promise<T | U> => {
  try {
    return await call;
  } catch (error) {
    const outcome = outcomes[readAwsError(error).name];
    if (outcome) return outcome();
    throw toAwsFault(service, error);
  }
};

/** Temporary refusals: throttling, or a key that is disabled for now (an administrator can enable it again). */
const transientAwsErrors =
  /Throttl|Throughput|TooManyRequests|RequestLimit|RequestTimeout|DecryptionFailure|EncryptionFailure|InvalidState|Disabled/;

/** https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html */
const kmsKeyErrors = /DecryptionFailure|EncryptionFailure|KMSInvalidState|DisabledException/;
const kmsKeyRemediation = {
  remediation: 'Enable the KMS key of this deployment, or cancel its deletion, then try again.',
};

const readAwsError = (error: unknown): { name: string; status?: number; request?: string } => {
  const name = readProperty(error, 'name');
  const metadata = readProperty(error, '$metadata');
  const status = readProperty(metadata, 'httpStatusCode');
  const request = readProperty(metadata, 'requestId');
  return {
    name: typeof name === 'string' && /^[\w.]{1,80}$/.test(name) ? name : 'unnamed',
    ...(typeof status === 'number' && { status }),
    ...(typeof request === 'string' && /^[\w-]{1,80}$/.test(request) && { request }),
  };
};

const readProperty = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
