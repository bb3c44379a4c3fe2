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
  'Atlas ends the TLS handshake like this if the address is not in the project’s IP access list. Add the addresses in `vantage` to the list.',
];

const mongodbErrorCodes = createFailureTable({
  '11': ['authentication-failed'], // UserNotFound
  '11/certificate': [
    'authentication-failed',
    'The server has no account for the certificate’s subject. Create it: db.getSiblingDB("$external").createUser({ user: "CN=…", roles: […] })',
  ],
  '13': permissionDenied, // Unauthorized
  '18': [
    'authentication-failed',
    'Check the user name, the password and auth_source, which is the database in which the account was created.',
  ],
  '18/certificate': ['client-certificate-required'],
  // AuthenticationRestrictionUnmet
  '214': [
    'permission-denied',
    'The account may not log in from the probe’s address. Add the address to clientSource in its authenticationRestrictions: db.updateUser(…)',
  ],
  // RoleNotFound
  '31': [
    'permission-denied',
    'The account has a role that does not exist. Revoke this role and grant another one.',
  ],
  // HostUnreachable, HostNotFound, ShardNotFound, NetworkTimeout, FailedToSatisfyReadPreference, NoConfigPrimary,
  // NetworkInterfaceExceededTimeLimit, DNSHostNotFound
  '6 7 70 89 133 149 202 230': [
    'server-error',
    'The mongos that answered cannot reach a shard or the config servers. Check sh.status() and the log of mongos.',
  ],
  // KeyNotFound, CannotVerifyAndSignLogicalTime, TimeProofMismatch
  '204 210 211': [
    'server-error',
    'The members do not share the keys that sign the cluster time. Check that their clocks agree and that the config servers or the primary are running, and try again.',
  ],
  // NotYetInitialized, InvalidReplicaSetConfig
  '93 94': [
    'server-error',
    'The replica set is not initiated or has lost its configuration. Check rs.status(), or initiate the set: rs.initiate()',
  ],
  // StaleEpoch, StaleConfig, CursorNotFound, QueryPlanKilled, WriteConflict, StaleDbVersion, SnapshotUnavailable, NoSuchSession
  '43 112 150 175 206 246 249 13388': [
    'server-error',
    'The data was moved or changed, or its cursor was closed, while it was read. Try again.',
  ],
  // CursorKilled, ClientDisconnect, Interrupted
  '237 279 11601': ['connection-reset', 'An administrator or the server ended the command. Try again.'],
  // CommandNotFound, InvalidOptions, FailedToParse, TypeMismatch, CommandNotSupported, QueryFeatureNotAllowed, NotImplemented,
  // an unknown stage and an unknown field
  '9 14 59 72 115 224 238 40324 40415': [
    'unsupported-version',
    'The server lacks a command, option or stage that MongoDB has since version 4.4. Upgrade it. If it emulates MongoDB, check that Mooring supports it.',
  ],
  // APIVersionError, APIStrictError
  '322 323': [
    'server-error',
    'The server requires a version of the Stable API. Turn the requirement off: db.adminCommand({ setParameter: 1, requireApiVersion: false })',
  ],
  // ExceededMemoryLimit, QueryExceededMemoryLimitNoDiskUseAllowed, TooManyFilesOpen, OutOfDiskSpace
  '146 264 292 14031': [
    'server-error',
    'The server has no memory, disk space or open files left for the command. Check what else it runs, or set config.database to the database that you need.',
  ],
  // DataCorruptionDetected, InvalidBSON, ChecksumMismatch
  '22 288 301': [
    'server-error',
    'The server found damaged data. Find the collection in the server’s log, validate it and restore it.',
  ],
  // ResourceExhausted, AdmissionQueueOverflow, RateLimitExceeded, IngressRequestRateLimitExceeded; and the request rate of Azure Cosmos DB
  '402 433 449 462 16500': [
    'too-many-connections',
    'The server limits the request rate. Try again in a minute, or raise its capacity.',
  ],
  // LDAPRoleAcquisitionError
  '404': [
    'server-error',
    'The server cannot query the LDAP directory for the account’s roles. Check security.ldap in its configuration.',
  ],
  // QueryRejectedBySettings
  '411': [
    'permission-denied',
    'The server’s query settings reject Mooring’s query. Remove them: db.adminCommand({ removeQuerySettings: … })',
  ],
  // UserWritesBlocked
  '371': [
    'server-error',
    'The server blocks writes. Turn the block off: db.adminCommand({ setUserWriteBlockMode: 1, global: false })',
  ],
  '8000': [
    'server-error',
    'Atlas uses this code for all its errors. Check the cluster’s state (paused, resuming, at its limit) and the account’s privileges.',
  ],
  // LockTimeout, MaxTimeMSExpired, ExceededTimeLimit
  '24 50 262': [
    'timeout',
    'The command reached its time limit. Raise query_timeout_seconds, or set config.database to the database that you need.',
  ],
  // ShutdownInProgress, PrimarySteppedDown, NotWritablePrimary, InterruptedAtShutdown, InterruptedDueToReplStateChange,
  // NotPrimaryNoSecondaryOk, NotPrimaryOrSecondary
  '91 189 10107 11600 11602 13435 13436': [
    'server-error',
    'The member is starting or stopping, or its replica set is electing a primary. Try again in a minute.',
  ],
  // MechanismUnavailable; servers before 4.4 say BadValue
  '334 2/password 2/certificate': [
    'authentication-failed',
    'Enable SCRAM-SHA-256 on the server and for the account.',
  ],
  // LoadBalancerSupportMismatch
  '354': [
    'server-error',
    'Connect to the members or to mongos directly: the load balancer in front of the server requires loadBalanced=true, which Mooring does not support.',
  ],
  '391': ['credentials-expired'], // ReauthenticationRequired
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
    'The password contains characters that SCRAM-SHA-256 does not allow. Give the account another password.',
  ],
]);
