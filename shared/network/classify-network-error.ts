import type { Connector, SourceFailure, SessionModule } from '../connectors/connector.ts';
import { Problem, problems } from '../problem.ts';
import type { ProblemCode } from '../problem.ts';

/** Finds the first known Node.js error code in the chain of causes. Pure; never throws. */
export const classifyNetworkError = (error: unknown): SourceFailure | undefined => {
  for (const link of walkCauses(error)) {
    const native = readNativeCode(link);
    const code = native === undefined ? undefined : toNetworkProblemCode(native);
    if (native !== undefined && code) return { code, native };
  }
  return undefined;
};

/**
 * Converts any thrown value: the connector classifies it first, then the network codes apply, then `server-error`. The message of the driver
 * stays in `cause`. `socketFailure` is the failure of the socket, for drivers that hide it.
 */
export const toSourceProblem = (
  error: unknown,
  connector: Pick<Connector, 'title'> & Pick<SessionModule, 'failure'> = {
    title: 'The source',
    failure: () => undefined,
  },
  socketFailure?: SourceFailure,
): Problem => {
  if (error instanceof Problem) return addSourceTitle(error, connector.title);
  const failure = connector.failure(error) ??
    classifyByNetwork(error, socketFailure) ?? { code: 'server-error' };
  const native = failure.native ?? readNativeCode(error);
  return new Problem(failure.code, renderFailureDetail(connector.title, failure.code, native), {
    cause: error,
    ...(native !== undefined && { native_code: native }),
    ...(failure.remediation !== undefined && { remediation: failure.remediation }),
  });
};

/** Adds the name of the source to a problem that has only the default message of its code. */
const addSourceTitle = (problem: Problem, title: string): Problem => {
  const { code, message, extras, cause } = problem;
  if (message !== problems[code].title) return problem;
  return new Problem(code, renderFailureDetail(title, code, extras.native_code), { ...extras, cause });
};

const classifyByNetwork = (
  error: unknown,
  socketFailure: SourceFailure | undefined,
): SourceFailure | undefined => {
  const own = classifyNetworkError(error);
  // Drivers report every closed connection as a reset; the error of the socket may be more precise.
  if (own) return own.code === 'connection-reset' ? (socketFailure ?? own) : own;
  return readNativeCode(error) === undefined ? socketFailure : undefined;
};

const renderFailureDetail = (title: string, code: ProblemCode, native: string | undefined): string => {
  const what = problems[code].title;
  return `${title}: ${what.charAt(0).toLowerCase()}${what.slice(1)}${native === undefined ? '' : ` (${native})`}.`;
};

function* walkCauses(error: unknown, depth = 0): Generator<object> {
  if (typeof error !== 'object' || error === null || depth > 8) return;
  yield error;
  if ('errors' in error && Array.isArray(error.errors)) {
    for (const inner of error.errors.slice(0, 8)) yield* walkCauses(inner, depth + 1);
  }
  if ('cause' in error) yield* walkCauses(error.cause, depth + 1);
}

/** Returns the `code` of an error, and never free text, which may contain secrets. */
export const readNativeCode = (error: unknown): string | undefined => {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  const { code } = error;
  return (typeof code === 'string' && /^[\w./-]{1,64}$/.test(code)) || typeof code === 'number'
    ? String(code)
    : undefined;
};

const toNetworkProblemCode = (native: string): ProblemCode | undefined => {
  if (Object.hasOwn(networkErrorCodes, native)) return networkErrorCodes[native];
  // HTTP parser of Node.js: https://nodejs.org/api/errors.html#http-parser-errors
  if (native.startsWith('HPE_')) return 'protocol-mismatch';
  if (!native.startsWith('ERR_SSL_')) return undefined;
  return clientCertificateAlert.test(native) ? 'client-certificate-required' : 'tls-unsupported';
};

/** Alerts that a server sends only if it requested a client certificate. https://www.rfc-editor.org/rfc/rfc8446#section-6.2 */
const clientCertificateAlert =
  /ALERT_(BAD_CERTIFICATE|NO_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN|REQUIRED)|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)$/;

const assignCode = <C extends ProblemCode>(code: C, names: string): Record<string, C> =>
  Object.fromEntries(names.split(' ').map((name) => [name, code]));

/**
 * https://nodejs.org/api/errors.html#common-system-errors, https://nodejs.org/api/dns.html#error-codes,
 * https://nodejs.org/api/tls.html#x509-certificate-error-codes
 */
const networkErrorCodes: Readonly<Record<string, ProblemCode>> = {
  ...assignCode(
    'host-not-found',
    'ENOTFOUND ENODATA ENONAME EAI_AGAIN EAI_NONAME EAI_NODATA EAI_FAIL ESERVFAIL EREFUSED EBADNAME EBADRESP EFORMERR ENOTIMP',
  ),
  ...assignCode('timeout', 'ETIMEDOUT ETIMEOUT ESOCKETTIMEDOUT'),
  ...assignCode('connection-refused', 'ECONNREFUSED'),
  ...assignCode(
    'connection-reset',
    'ECONNRESET EPIPE ECONNABORTED ENOTCONN EOF ERR_STREAM_PREMATURE_CLOSE ERR_STREAM_DESTROYED ERR_STREAM_WRITE_AFTER_END ERR_SOCKET_CLOSED',
  ),
  ...assignCode(
    'unreachable',
    'EHOSTUNREACH ENETUNREACH EHOSTDOWN ENETDOWN ENONET EACCES EPERM EADDRNOTAVAIL EAFNOSUPPORT',
  ),
  // This process has no file descriptors or buffers left; the source did not fail.
  ...assignCode('unavailable', 'EMFILE ENFILE ENOBUFS'),
  ...assignCode('tls-unsupported', 'EPROTO ERR_TLS_INVALID_PROTOCOL_VERSION'),
  ...assignCode(
    'certificate-expired',
    'CERT_HAS_EXPIRED CERT_NOT_YET_VALID ERROR_IN_CERT_NOT_AFTER_FIELD ERROR_IN_CERT_NOT_BEFORE_FIELD',
  ),
  ...assignCode(
    'certificate-hostname-mismatch',
    'ERR_TLS_CERT_ALTNAME_INVALID ERR_TLS_CERT_ALTNAME_FORMAT HOSTNAME_MISMATCH',
  ),
  ...assignCode(
    'certificate-untrusted',
    'DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_VERIFY_LEAF_SIGNATURE UNABLE_TO_DECRYPT_CERT_SIGNATURE UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY CERT_SIGNATURE_FAILURE CERT_CHAIN_TOO_LONG CERT_REVOKED CERT_UNTRUSTED CERT_REJECTED INVALID_CA INVALID_PURPOSE PATH_LENGTH_EXCEEDED UNSPECIFIED',
  ),
};
