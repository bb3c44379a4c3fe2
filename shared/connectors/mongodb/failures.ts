import type { ProblemCode } from '../../problem.ts';
import type { Failure } from '../connector.ts';

/** Goes by the server's codes: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
export const failure = (error: unknown): Failure | undefined => {
  const { name, code, message, method, native } = fieldsOf(error);
  if (native === 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR')
    return { code: 'connection-reset', native, remediation: notListed };
  if (name === 'MongoServerError' && code !== undefined) {
    const said: Said = (code === atlas ? ofAtlas(message) : methods[`${code} ${method}`]) ??
      codes[code] ?? { code: 'server-error' };
    return { code: said.code, native: String(code), ...(said.cure && { remediation: said.cure }) };
  }
  const ours = driver.find((row) => row.name === name && row.text.test(message));
  return ours && { code: ours.code, ...(ours.cure && { remediation: ours.cure }) };
};

/** The error with how the login was made: a server has one code for a wrong password and for a certificate that it did not see. */
export const seenAtLogin = (error: unknown, method: string): unknown =>
  error instanceof Error ? Object.assign(error, { method }) : error;

/** What the server called it, of an error that it sent itself. */
export const serverCode = (error: unknown): number | undefined => {
  const { name, code } = fieldsOf(error);
  return name === 'MongoServerError' ? code : undefined;
};

interface Said {
  readonly code: ProblemCode;
  readonly cure?: string;
}

const fieldsOf = (error: unknown) => {
  const { name, code, message, method }: Partial<Record<'name' | 'code' | 'message' | 'method', unknown>> =
    Object(error);
  return {
    name: typeof name === 'string' ? name : '',
    code: typeof code === 'number' && Number.isInteger(code) ? code : undefined,
    message: typeof message === 'string' ? message : '',
    method: typeof method === 'string' ? method : '',
    native: code,
  };
};

/** https://www.mongodb.com/docs/atlas/troubleshoot-connection/ */
const notListed =
  'Atlas ends the TLS handshake so for addresses that are not in its project’s IP access list: add those that `vantage` names.';

const unknownSubject =
  'The server knows no account of the certificate’s subject: db.getSiblingDB("$external").createUser({ user: "CN=…", roles: […] })';

const methods: Readonly<Record<string, Said>> = {
  '18 certificate': { code: 'client-certificate-required' },
  '11 certificate': { code: 'authentication-failed', cure: unknownSubject },
};

const unsettled: Said = {
  code: 'server-error',
  cure: 'The member is starting, stopping or electing: try again in a minute.',
};
const tooLong: Said = {
  code: 'timeout',
  cure: 'The command ran into its time limit: raise query_timeout_seconds, or name the database that is needed.',
};

const codes: Readonly<Record<number, Said>> = {
  11: { code: 'authentication-failed' }, // UserNotFound
  13: { code: 'permission-denied', cure: 'Grant what the step privileges names.' }, // Unauthorized
  18: {
    code: 'authentication-failed',
    cure: 'Check user name, password and auth_source: the database in which the account was made.',
  },
  24: tooLong, // LockTimeout
  50: tooLong, // MaxTimeMSExpired
  91: unsettled, // ShutdownInProgress
  189: unsettled, // PrimarySteppedDown
  262: tooLong, // ExceededTimeLimit
  // MechanismUnavailable
  334: { code: 'authentication-failed', cure: 'Let server and account take SCRAM-SHA-256.' },
  // LoadBalancerSupportMismatch
  354: {
    code: 'server-error',
    cure: 'The server is behind a load balancer that needs loadBalanced=true, which is not supported.',
  },
  391: { code: 'credentials-expired' }, // ReauthenticationRequired
  462: { code: 'too-many-connections' }, // IngressRequestRateLimitExceeded
  10107: unsettled, // NotWritablePrimary
  11600: unsettled, // InterruptedAtShutdown
  11602: unsettled, // InterruptedDueToReplStateChange
  13435: unsettled, // NotPrimaryNoSecondaryOk
  13436: unsettled, // NotPrimaryOrSecondary
};

/** AtlasError, its proxy's one code for all; the text is never translated. */
const atlas = 8000;
const ofAtlas = (message: string): Said | undefined => {
  if (/^bad auth|authentication failed/i.test(message)) return { code: 'authentication-failed' };
  if (/not allowed to do action|not authorized/.test(message)) return codes[13];
  return /too many connections|connection limit/i.test(message)
    ? { code: 'too-many-connections' }
    : undefined;
};

/** What the driver throws by itself, in its own words, which have no code. */
const driver: readonly (Said & { readonly name: string; readonly text: RegExp })[] = [
  { name: 'MongoRuntimeError', text: /invalid (iteration count|nonce|signature)/, code: 'protocol-mismatch' },
  { name: 'MongoUnexpectedServerResponseError', text: /./, code: 'protocol-mismatch' },
  {
    name: 'MongoCompatibilityError',
    text: /maximum wire version/,
    code: 'unsupported-version',
    cure: 'Upgrade the server to version 4.4 or later.',
  },
  {
    name: 'Error',
    text: /^(Prohibited character|Unassigned code point|String must not contain RandALCat|Bidirectional RandALCat)/,
    code: 'authentication-failed',
    cure: 'The password holds characters that SCRAM-SHA-256 forbids: give the account another one.',
  },
];
