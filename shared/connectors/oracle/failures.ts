import type { ProblemCode } from '../../problem.ts';
import type { Failure } from '../connector.ts';

/**
 * Goes by the codes of the server (ORA-) and of the driver (NJS-); a listener's refusal (NJS-511) holds the listener's code.
 * https://docs.oracle.com/en/error-help/db/
 */
export const failure = (error: unknown): Failure | undefined => {
  const { code, message }: { readonly code?: unknown; readonly message?: unknown } = Object(error);
  if (typeof code !== 'string' || !/^(ORA|NJS)-\d{3,5}$/.test(code)) return undefined;
  const native = wrapping.has(code) ? (/ORA-\d{5}/.exec(`${padded(message)}`)?.[0] ?? code) : code;
  const known = table[native] ?? table[code];
  if (!known) return { code: ended.has(code) ? 'connection-reset' : 'server-error', native };
  return { code: known.code, native, ...(known.cure !== undefined && { remediation: known.cure }) };
};

/** What the driver says of a listener that refuses, and of a connection that ends. */
const wrapping = new Set(['NJS-511', 'NJS-500']);
/** The socket came to its end. */
const ended = new Set(['NJS-500', 'NJS-501', 'NJS-521']);

/** The driver writes ORA-1017 as well as ORA-01017. */
const padded = (message: unknown) =>
  typeof message === 'string'
    ? message.replace(/ORA-(\d{1,4})\b/g, (_, digits: string) => `ORA-${digits.padStart(5, '0')}`)
    : '';

interface Said {
  readonly code: ProblemCode;
  readonly cure?: string;
}

const service: Said = {
  code: 'database-not-found',
  cure: 'The listener knows no such service: check service_name against what lsnrctl services shows, or name a sid.',
};
const sid: Said = {
  code: 'database-not-found',
  cure: 'The listener knows no such SID: most databases are reached by service_name.',
};
const full: Said = {
  code: 'too-many-connections',
  cure: 'Raise PROCESSES or SESSIONS, or close idle sessions.',
};
const starting: Said = {
  code: 'server-error',
  cure: 'The instance is starting, mounting or shutting down: try again in a minute.',
};
const denied: Said = { code: 'permission-denied', cure: 'Grant what the step privileges names.' };
const old: Said = {
  code: 'unsupported-version',
  cure: 'Upgrade to Oracle Database 12.1 or later, which is the oldest that the driver speaks to.',
};

const table: Readonly<Record<string, Said>> = {
  'ORA-01017': { code: 'authentication-failed' },
  'ORA-01005': { code: 'authentication-failed' },
  'ORA-01045': { code: 'permission-denied', cure: 'Let the account log in: GRANT CREATE SESSION TO …;' },
  'ORA-28000': { code: 'account-locked', cure: 'Unlock the account: ALTER USER … ACCOUNT UNLOCK;' },
  'ORA-28001': {
    code: 'credentials-expired',
    cure: 'The password has expired: change it, and send the new one.',
  },
  'NJS-116': {
    code: 'authentication-failed',
    cure: 'The account has a password verifier of Oracle 10g alone, which the driver does not speak: allow 11g or 12c verifiers (SQLNET.ALLOWED_LOGON_VERSION_SERVER) and set the password again.',
  },
  'NJS-138': old,
  'NJS-533': {
    code: 'server-error',
    cure: 'The server insists on Oracle’s own encryption or checksums (sqlnet.ora), which the driver’s thin mode does not speak: use TLS (TCPS), or make it ACCEPTED.',
  },
  'ORA-12660': {
    code: 'server-error',
    cure: 'The server insists on Oracle’s own encryption or checksums (sqlnet.ora), which the driver’s thin mode does not speak: use TLS (TCPS), or make it ACCEPTED.',
  },
  'NJS-518': service,
  'ORA-12514': service,
  'ORA-12504': service,
  'NJS-519': sid,
  'ORA-12505': sid,
  'ORA-12516': full,
  'ORA-12519': full,
  'ORA-12520': full,
  'ORA-00018': full,
  'ORA-00020': full,
  'ORA-02391': full,
  'ORA-12526': starting,
  'ORA-12527': starting,
  'ORA-12528': starting,
  'ORA-01033': starting,
  'ORA-01034': starting,
  'ORA-01089': starting,
  'ORA-01109': starting,
  'NJS-510': { code: 'timeout' },
  'NJS-123': { code: 'timeout' },
  'ORA-01013': { code: 'timeout' },
  'ORA-00942': denied,
  'ORA-01031': denied,
  'ORA-01039': denied,
  'NJS-102': { code: 'protocol-mismatch' },
  'NJS-103': { code: 'protocol-mismatch' },
  'NJS-504': { code: 'protocol-mismatch' },
  'NJS-514': { code: 'protocol-mismatch' },
  'NJS-536': { code: 'protocol-mismatch' }, // sent on again and again
};
