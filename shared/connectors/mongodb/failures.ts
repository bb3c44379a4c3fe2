import type { Failure } from '../connector.ts';
import {
  denied,
  failureOf,
  failureTable,
  fieldsOf,
  textOf,
  textTable,
  type Meaning,
} from '../failure-table.ts';

/** Goes by the server's codes: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
export const failure = (error: unknown): Failure | undefined => {
  const { name, code, message, method } = fieldsOf(error);
  if (code === 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR') return failureOf(notListed, code);
  const number = serverCode(error);
  if (number !== undefined) {
    const native = String(number);
    const meaning =
      (native === atlas ? ofAtlas(textOf(message)) : codes.get(`${native}/${textOf(method)}`)) ??
      codes.get(native);
    return failureOf(meaning ?? ['server-error'], native);
  }
  const ours = driver(`${textOf(name)}: ${textOf(message)}`);
  return ours && failureOf(ours);
};

/** The error with how the login was made: a server has one code for a wrong password and for a certificate that it did not see. */
export const seenAtLogin = (error: unknown, method: string): unknown =>
  error instanceof Error ? Object.assign(error, { method }) : error;

/** What the server called it, of an error that it sent itself. */
export const serverCode = (error: unknown): number | undefined => {
  const { name, code } = fieldsOf(error);
  return name === 'MongoServerError' && typeof code === 'number' && Number.isInteger(code) ? code : undefined;
};

/** https://www.mongodb.com/docs/atlas/troubleshoot-connection/ */
const notListed: Meaning = [
  'connection-reset',
  'Atlas ends the TLS handshake so for addresses that are not in its project’s IP access list: add those that `vantage` names.',
];

const codes = failureTable({
  '11': ['authentication-failed'], // UserNotFound
  '11/certificate': [
    'authentication-failed',
    'The server knows no account of the certificate’s subject: db.getSiblingDB("$external").createUser({ user: "CN=…", roles: […] })',
  ],
  '13': denied, // Unauthorized
  '18': [
    'authentication-failed',
    'Check user name, password and auth_source: the database in which the account was made.',
  ],
  '18/certificate': ['client-certificate-required'],
  // LockTimeout, MaxTimeMSExpired, ExceededTimeLimit
  '24 50 262': [
    'timeout',
    'The command ran into its time limit: raise query_timeout_seconds, or name the database that is needed.',
  ],
  // ShutdownInProgress, PrimarySteppedDown, NotWritablePrimary, InterruptedAtShutdown, InterruptedDueToReplStateChange,
  // NotPrimaryNoSecondaryOk, NotPrimaryOrSecondary
  '91 189 10107 11600 11602 13435 13436': [
    'server-error',
    'The member is starting, stopping or electing: try again in a minute.',
  ],
  // MechanismUnavailable
  '334': ['authentication-failed', 'Let server and account take SCRAM-SHA-256.'],
  // LoadBalancerSupportMismatch
  '354': [
    'server-error',
    'The server is behind a load balancer that needs loadBalanced=true, which is not supported.',
  ],
  '391': ['credentials-expired'], // ReauthenticationRequired
  '462': ['too-many-connections'], // IngressRequestRateLimitExceeded
});

/** AtlasError, its proxy's one code for all; the text is never translated. */
const atlas = '8000';
const ofAtlas = textTable([
  [/^bad auth|authentication failed/i, 'authentication-failed'],
  [/not allowed to do action|not authorized/, ...denied],
  [/too many connections|connection limit/i, 'too-many-connections'],
]);

/** What the driver throws by itself, in its own words behind the error's name; it has no code. */
const driver = textTable([
  [/^MongoRuntimeError: .*invalid (iteration count|nonce|signature)/s, 'protocol-mismatch'],
  [/^MongoUnexpectedServerResponseError: ./, 'protocol-mismatch'],
  [
    /^MongoCompatibilityError: .*maximum wire version/s,
    'unsupported-version',
    'Upgrade the server to version 4.4 or later.',
  ],
  [
    /^Error: (Prohibited character|Unassigned code point|String must not contain RandALCat|Bidirectional RandALCat)/,
    'authentication-failed',
    'The password holds characters that SCRAM-SHA-256 forbids: give the account another one.',
  ],
]);
