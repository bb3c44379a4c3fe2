import type { Failure } from '../connector.ts';
import { denied, failureOf, failureTable, fieldsOf, textOf } from '../failure-table.ts';

/**
 * Goes by the codes of the server (ORA-) and of the driver (NJS-); a listener's refusal (NJS-511) holds the listener's code.
 * https://docs.oracle.com/en/error-help/db/
 */
export const failure = (error: unknown): Failure | undefined => {
  const { code, message } = fieldsOf(error);
  if (typeof code !== 'string' || !/^(ORA|NJS)-\d{3,5}$/.test(code)) return undefined;
  const native = wrapping.has(code) ? (/ORA-\d{5}/.exec(padded(textOf(message)))?.[0] ?? code) : code;
  return failureOf(codes.get(native) ?? codes.get(code) ?? ['server-error'], native);
};

/** What the driver says of a listener that refuses, and of a connection that ends. */
const wrapping = new Set(['NJS-511', 'NJS-500']);

/** The driver writes ORA-1017 as well as ORA-01017. */
const padded = (message: string) =>
  message.replace(/ORA-(\d{1,4})\b/g, (_, digits: string) => `ORA-${digits.padStart(5, '0')}`);

const codes = failureTable({
  'ORA-01005 ORA-01017': ['authentication-failed'],
  'NJS-116': [
    'authentication-failed',
    'The account has a password verifier of Oracle 10g alone, which the driver does not speak: allow 11g or 12c verifiers (SQLNET.ALLOWED_LOGON_VERSION_SERVER) and set the password again.',
  ],
  'ORA-28000': ['account-locked', 'Unlock the account: ALTER USER … ACCOUNT UNLOCK;'],
  'ORA-28001': ['credentials-expired', 'The password has expired: change it, and send the new one.'],
  'ORA-01045': ['permission-denied', 'Let the account log in: GRANT CREATE SESSION TO …;'],
  'ORA-00942 ORA-01031 ORA-01039': denied,
  'NJS-518 ORA-12504 ORA-12514': [
    'database-not-found',
    'The listener knows no such service: check service_name against what lsnrctl services shows, or name a sid.',
  ],
  'NJS-519 ORA-12505': [
    'database-not-found',
    'The listener knows no such SID: most databases are reached by service_name.',
  ],
  'ORA-00018 ORA-00020 ORA-02391 ORA-12516 ORA-12519 ORA-12520': [
    'too-many-connections',
    'Raise PROCESSES or SESSIONS, or close idle sessions.',
  ],
  'ORA-01033 ORA-01034 ORA-01089 ORA-01109 ORA-12526 ORA-12527 ORA-12528': [
    'server-error',
    'The instance is starting, mounting or shutting down: try again in a minute.',
  ],
  'NJS-533 ORA-12660': [
    'server-error',
    'The server insists on Oracle’s own encryption or checksums (sqlnet.ora), which the driver’s thin mode does not speak: use TLS (TCPS), or make it ACCEPTED.',
  ],
  'NJS-138': [
    'unsupported-version',
    'Upgrade to Oracle Database 12.1 or later, which is the oldest that the driver speaks to.',
  ],
  'NJS-123 NJS-510 ORA-01013': ['timeout'],
  'NJS-500 NJS-501 NJS-521': ['connection-reset'], // the socket came to its end
  'NJS-068 NJS-102 NJS-103 NJS-504 NJS-509 NJS-514 NJS-522 NJS-536': ['protocol-mismatch'], // 536: sent on again and again
});
