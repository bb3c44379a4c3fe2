import { Problem } from '../problem.ts';

/**
 * A failed AWS call as an error that is safe to show. The service's message is dropped: it may quote the values that were refused, and a
 * parser's message may quote an answer that it could not read.
 */
export const awsFault = (service: string, error: unknown): Error => {
  const { name, status, request } = known(error);
  const cause = new Error(
    `${service}: ${name}, HTTP ${status ?? 'not at all'}, request ${request ?? 'unknown'}`,
  );
  const refused = status !== undefined && status >= 400 && status < 500 && status !== 429;
  if (refused && !passing.test(name)) return cause;
  if (aboutKey.test(name))
    return new Problem('unavailable', 'A key of this deployment cannot be used', { ...keyCure, cause });
  return new Problem('unavailable', undefined, { cause });
};

/** The result of the call, or the result of `outcomes[name]` if AWS refuses it with an error of that name. */
export const calling = async <T, U = never>(
  service: string,
  call: Promise<T>,
  outcomes: Readonly<Record<string, () => U>> = {},
): Promise<T | U> => {
  try {
    return await call;
  } catch (error) {
    const outcome = outcomes[known(error).name];
    if (outcome) return outcome();
    throw awsFault(service, error);
  }
};

/** Temporary refusals: throttling, or a key that is disabled for now (an administrator can enable it again). */
const passing =
  /Throttl|Throughput|TooManyRequests|RequestLimit|RequestTimeout|DecryptionFailure|EncryptionFailure|InvalidState|Disabled/;

/** https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html */
const aboutKey = /DecryptionFailure|EncryptionFailure|KMSInvalidState|DisabledException/;
const keyCure = {
  remediation: 'Enable the KMS key of this deployment, or cancel its deletion, then try again.',
};

const known = (error: unknown): { name: string; status?: number; request?: string } => {
  const name = property(error, 'name');
  const metadata = property(error, '$metadata');
  const status = property(metadata, 'httpStatusCode');
  const request = property(metadata, 'requestId');
  return {
    name: typeof name === 'string' && /^[\w.]{1,80}$/.test(name) ? name : 'unnamed',
    ...(typeof status === 'number' && { status }),
    ...(typeof request === 'string' && /^[\w-]{1,80}$/.test(request) && { request }),
  };
};

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
