import type { Connector, Failure, Speaker } from '../connectors/connector.ts';
import { Problem, problems } from '../problem.ts';
import type { ProblemCode } from '../problem.ts';

/** Finds the first known Node.js error code in the chain of causes. Pure; never throws. */
export const networkFailure = (error: unknown): Failure | undefined => {
  for (const link of chainOf(error)) {
    const native = nativeCode(link);
    const code = native === undefined ? undefined : meaningOf(native);
    if (native !== undefined && code) return { code, native };
  }
  return undefined;
};

/**
 * Converts any thrown value: the connector classifies it first, then the network codes apply, then `server-error`. The message of the driver
 * stays in `cause`. `socketFailure` is the failure of the socket, for drivers that hide it.
 */
export const problemOf = (
  error: unknown,
  connector: Pick<Connector, 'title'> & Pick<Speaker, 'failure'> = {
    title: 'The source',
    failure: () => undefined,
  },
  heard?: Failure,
): Problem => {
  if (error instanceof Problem) return named(error, connector.title);
  const said = connector.failure(error) ?? byNetwork(error, heard) ?? { code: 'server-error' };
  const native = said.native ?? nativeCode(error);
  return new Problem(said.code, sentence(connector.title, said.code, native), {
    cause: error,
    ...(native !== undefined && { native_code: native }),
    ...(said.remediation !== undefined && { remediation: said.remediation }),
  });
};

/** Adds the name of the source to a problem that has only the default message of its code. */
const named = (problem: Problem, title: string): Problem => {
  const { code, message, extras, cause } = problem;
  if (message !== problems[code].title) return problem;
  return new Problem(code, sentence(title, code, extras.native_code), { ...extras, cause });
};

const byNetwork = (error: unknown, heard: Failure | undefined): Failure | undefined => {
  const own = networkFailure(error);
  // Drivers report every closed connection as a reset; the error of the socket may be more precise.
  if (own) return own.code === 'connection-reset' ? (heard ?? own) : own;
  return nativeCode(error) === undefined ? heard : undefined;
};

const sentence = (title: string, code: ProblemCode, native: string | undefined): string => {
  const what = problems[code].title;
  return `${title}: ${what.charAt(0).toLowerCase()}${what.slice(1)}${native === undefined ? '' : ` (${native})`}.`;
};

function* chainOf(error: unknown, depth = 0): Generator<object> {
  if (typeof error !== 'object' || error === null || depth > 8) return;
  yield error;
  if ('errors' in error && Array.isArray(error.errors)) {
    for (const inner of error.errors.slice(0, 8)) yield* chainOf(inner, depth + 1);
  }
  if ('cause' in error) yield* chainOf(error.cause, depth + 1);
}

/** Returns the `code` of an error, and never free text, which may contain secrets. */
export const nativeCode = (error: unknown): string | undefined => {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  const { code } = error;
  return (typeof code === 'string' && /^[\w./-]{1,64}$/.test(code)) || typeof code === 'number'
    ? String(code)
    : undefined;
};

const meaningOf = (native: string): ProblemCode | undefined => {
  if (Object.hasOwn(meanings, native)) return meanings[native];
  // HTTP parser of Node.js: https://nodejs.org/api/errors.html#http-parser-errors
  if (native.startsWith('HPE_')) return 'protocol-mismatch';
  if (!native.startsWith('ERR_SSL_')) return undefined;
  return aboutOurCertificate.test(native) ? 'client-certificate-required' : 'tls-unsupported';
};

/** Alerts that a server sends only if it requested a client certificate. https://www.rfc-editor.org/rfc/rfc8446#section-6.2 */
const aboutOurCertificate =
  /ALERT_(BAD_CERTIFICATE|NO_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN|REQUIRED)|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)$/;

const all = <C extends ProblemCode>(code: C, names: string): Record<string, C> =>
  Object.fromEntries(names.split(' ').map((name) => [name, code]));

/**
 * https://nodejs.org/api/errors.html#common-system-errors, https://nodejs.org/api/dns.html#error-codes,
 * https://nodejs.org/api/tls.html#x509-certificate-error-codes
 */
const meanings: Readonly<Record<string, ProblemCode>> = {
  ...all(
    'host-not-found',
    'ENOTFOUND ENODATA ENONAME EAI_AGAIN EAI_NONAME EAI_NODATA EAI_FAIL ESERVFAIL EREFUSED EBADNAME EBADRESP EFORMERR ENOTIMP',
  ),
  ...all('timeout', 'ETIMEDOUT ETIMEOUT ESOCKETTIMEDOUT'),
  ...all('connection-refused', 'ECONNREFUSED'),
  ...all(
    'connection-reset',
    'ECONNRESET EPIPE ECONNABORTED ENOTCONN EOF ERR_STREAM_PREMATURE_CLOSE ERR_STREAM_DESTROYED ERR_STREAM_WRITE_AFTER_END ERR_SOCKET_CLOSED',
  ),
  ...all(
    'unreachable',
    'EHOSTUNREACH ENETUNREACH EHOSTDOWN ENETDOWN ENONET EACCES EPERM EADDRNOTAVAIL EAFNOSUPPORT',
  ),
  // This process has no file descriptors or buffers left; the source did not fail.
  ...all('unavailable', 'EMFILE ENFILE ENOBUFS'),
  ...all('tls-unsupported', 'EPROTO ERR_TLS_INVALID_PROTOCOL_VERSION'),
  ...all(
    'certificate-expired',
    'CERT_HAS_EXPIRED CERT_NOT_YET_VALID ERROR_IN_CERT_NOT_AFTER_FIELD ERROR_IN_CERT_NOT_BEFORE_FIELD',
  ),
  ...all(
    'certificate-hostname-mismatch',
    'ERR_TLS_CERT_ALTNAME_INVALID ERR_TLS_CERT_ALTNAME_FORMAT HOSTNAME_MISMATCH',
  ),
  ...all(
    'certificate-untrusted',
    'DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_VERIFY_LEAF_SIGNATURE UNABLE_TO_DECRYPT_CERT_SIGNATURE UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY CERT_SIGNATURE_FAILURE CERT_CHAIN_TOO_LONG CERT_REVOKED CERT_UNTRUSTED CERT_REJECTED INVALID_CA INVALID_PURPOSE PATH_LENGTH_EXCEEDED UNSPECIFIED',
  ),
};
