import type { SourceFailure } from '../connector.ts';
import {
  permissionDenied,
  toSourceFailure,
  createFailureTable,
  readErrorFields,
  toTextOrEmpty,
  createTextClassifier,
  type FailureMeaning,
} from '../failure-table.ts';

/** Classifies by the server's codes: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
export const classifyMongodbError = (error: unknown): SourceFailure | undefined => {
  const { name, code, message, method } = readErrorFields(error);
  if (code === 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR') return toSourceFailure(addressNotListed, code);
  const number = findMongodbErrorCode(error);
  if (number !== undefined) {
    const native = String(number);
    const meaning =
      (native === ATLAS_ERROR_CODE
        ? classifyAtlasText(toTextOrEmpty(message))
        : mongodbErrorCodes.get(`${native}/${toTextOrEmpty(method)}`)) ?? mongodbErrorCodes.get(native);
    return toSourceFailure(meaning ?? ['server-error'], native);
  }
  const ours = classifyMongodbText(`${toTextOrEmpty(name)}: ${toTextOrEmpty(message)}`);
  return ours && toSourceFailure(ours);
};

/** Adds the auth method to the error, because a server has one code for a wrong password and for a missing certificate. */
export const addMongodbLoginMethod = (error: unknown, method: string): unknown =>
  error instanceof Error ? Object.assign(error, { method }) : error;

/** Returns the code of an error that the server sent. */
export const findMongodbErrorCode = (error: unknown): number | undefined => {
  const { name, code } = readErrorFields(error);
  return name === 'MongoServerError' && typeof code === 'number' && Number.isInteger(code) ? code : undefined;
};

/** https://www.mongodb.com/docs/atlas/troubleshoot-connection/ */
const addressNotListed: FailureMeaning = [
  'connection-reset',
  'Atlas ends the TLS handshake so for addresses that are not in its project’s IP access list: add those that `vantage` names.',
];

const mongodbErrorCodes = createFailureTable({
  '11': ['authentication-failed'], // UserNotFound
  '11/certificate': [
    'authentication-failed',
    'The server knows no account of the certificate’s subject: db.getSiblingDB("$external").createUser({ user: "CN=…", roles: […] })',
  ],
  '13': permissionDenied, // Unauthorized
  '18': [
    'authentication-failed',
    'Check user name, password and auth_source: the database in which the account was made.',
  ],
  '18/certificate': ['client-certificate-required'],
  // AuthenticationRestrictionUnmet
  '214': [
    'permission-denied',
    'The account may not log in from the probe’s address: add that to its authenticationRestrictions (clientSource): db.updateUser(…)',
  ],
  // RoleNotFound
  '31': ['permission-denied', 'The account has a role that is not there: revoke it, and grant another.'],
  // HostUnreachable, HostNotFound, ShardNotFound, NetworkTimeout, FailedToSatisfyReadPreference, NoConfigPrimary,
  // NetworkInterfaceExceededTimeLimit, DNSHostNotFound
  '6 7 70 89 133 149 202 230': [
    'server-error',
    'The mongos that answered does not reach a shard or the config servers: look at sh.status() and at the log of mongos.',
  ],
  // KeyNotFound, CannotVerifyAndSignLogicalTime, TimeProofMismatch
  '204 210 211': [
    'server-error',
    'The members do not share the keys that sign cluster time: check that their clocks agree and that the config servers or the primary are up, and try again.',
  ],
  // NotYetInitialized, InvalidReplicaSetConfig
  '93 94': [
    'server-error',
    'The replica set is not initiated, or lost its configuration: rs.initiate(), or rs.status().',
  ],
  // StaleEpoch, StaleConfig, CursorNotFound, QueryPlanKilled, WriteConflict, StaleDbVersion, SnapshotUnavailable, NoSuchSession
  '43 112 150 175 206 246 249 13388': [
    'server-error',
    'What was being read was moved, changed or let go of meanwhile: try again.',
  ],
  // CursorKilled, ClientDisconnect, Interrupted
  '237 279 11601': [
    'connection-reset',
    'An administrator, or the server itself, ended the command: try again.',
  ],
  // CommandNotFound, InvalidOptions, FailedToParse, TypeMismatch, CommandNotSupported, QueryFeatureNotAllowed, NotImplemented,
  // an unknown stage and an unknown field
  '9 14 59 72 115 224 238 40324 40415': [
    'unsupported-version',
    'The server lacks a command, option or stage that every MongoDB from 4.4 on has: upgrade it, or where it is an emulation of MongoDB, check that it is a supported one.',
  ],
  // APIVersionError, APIStrictError
  '322 323': [
    'server-error',
    'The server insists on a version of the Stable API: db.adminCommand({ setParameter: 1, requireApiVersion: false })',
  ],
  // ExceededMemoryLimit, QueryExceededMemoryLimitNoDiskUseAllowed, TooManyFilesOpen, OutOfDiskSpace
  '146 264 292 14031': [
    'server-error',
    'The server is out of memory, disk or open files for this: look at what else it runs, or name the database that is needed.',
  ],
  // DataCorruptionDetected, InvalidBSON, ChecksumMismatch
  '22 288 301': [
    'server-error',
    'The server found damaged data: validate the collection that its log names, and restore it.',
  ],
  // ResourceExhausted, AdmissionQueueOverflow; and the request rate of Azure Cosmos DB
  '402 433 16500': [
    'too-many-connections',
    'The server asks for fewer requests: try again in a minute, or raise its capacity.',
  ],
  // LDAPRoleAcquisitionError
  '404': [
    'server-error',
    'The server cannot ask the directory (LDAP) for the account’s roles: check its security.ldap.',
  ],
  // QueryRejectedBySettings
  '411': [
    'permission-denied',
    'Query settings of the server reject our query: db.adminCommand({ removeQuerySettings: … })',
  ],
  // UserWritesBlocked
  '371': ['server-error', 'The server blocks writes: setUserWriteBlockMode.'],
  '8000': [
    'server-error',
    'Atlas refused, and has one code for all: look at the cluster’s state (paused, resuming, at its limit) and at the account’s rights.',
  ],
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
  // MechanismUnavailable; servers before 4.4 say BadValue
  '334 2/password 2/certificate': ['authentication-failed', 'Let server and account take SCRAM-SHA-256.'],
  // LoadBalancerSupportMismatch
  '354': [
    'server-error',
    'The server is behind a load balancer that needs loadBalanced=true, which is not supported.',
  ],
  '391': ['credentials-expired'], // ReauthenticationRequired
  '449 462': ['too-many-connections'], // RateLimitExceeded, IngressRequestRateLimitExceeded
});

/** AtlasError, the only code of Atlas's proxy; its text is never localized. */
const ATLAS_ERROR_CODE = '8000';
const classifyAtlasText = createTextClassifier([
  [/^bad auth|authentication failed/i, 'authentication-failed'],
  [/not allowed to do action|not authorized/, ...permissionDenied],
  [/too many connections|connection limit/i, 'too-many-connections'],
]);

/** Errors of the driver itself have no code: matches the error's name and message. */
const classifyMongodbText = createTextClassifier([
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
