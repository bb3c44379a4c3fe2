import type { Login, Logins } from '../../network/login.ts';
import { Problem } from '../../problem.ts';

export const logins = {
  /** What goes with the name: a hash of the password and of what the server sent, of mysql_native_password or caching_sha2_password. */
  scramble: {
    name: 'a scrambled password',
    kind: 'weak-challenge',
    manual:
      'https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_authentication_methods.html',
  },
  /**
   * Without TLS the driver encrypts the password with an RSA key that the server sends: whoever stands between sends a key of his own, and
   * has the password. MySQL's own clients ask for that key only when they are told to (`--get-server-public-key`).
   */
  full: {
    name: 'the full authentication of caching_sha2_password',
    kind: 'clear',
    manual: 'https://dev.mysql.com/doc/refman/8.4/en/caching-sha2-pluggable-authentication.html',
  },
  /** With an RSA key of the server’s too. */
  sha256: {
    name: 'sha256_password',
    kind: 'clear',
    manual: 'https://dev.mysql.com/doc/refman/8.4/en/sha256-pluggable-authentication.html',
  },
  /** Passwords of a directory (PAM, LDAP) and tokens of RDS, which open more than this server. */
  cleartext: {
    name: 'mysql_clear_password',
    kind: 'tls-only',
    manual: 'https://dev.mysql.com/doc/refman/8.4/en/cleartext-pluggable-authentication.html',
  },
} as const satisfies Logins;

/**
 * The login that a packet of the server asks for: the first bytes of its payload, which is `length` bytes long. Nothing where it asks for
 * none, and where the driver knows no such plugin.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
 */
export const readLogin = (head: Buffer, length: number): Login | undefined => {
  const marker = head[0] ?? 0;
  if (marker === moreData) return length === 2 && head[1] === fastAuthSuccess ? undefined : logins.full;
  if (!switches.has(marker)) return undefined;
  if (length === 1) throw oldPassword();
  const end = head.indexOf(0, 1);
  const plugin = head.toString('latin1', 1, end);
  // The driver would read a name without its end on into the next packet.
  if (end < 0 || !/^[!-~]+$/.test(plugin)) throw foreign();
  return plugins.get(plugin);
};

/** AuthMoreData, and what caching_sha2_password says in it where the scramble was enough. */
const moreData = 1;
const fastAuthSuccess = 3;
/** AuthNextFactor, AuthSwitchRequest. */
const switches: ReadonlySet<number> = new Set([2, 0xfe]);

const plugins: ReadonlyMap<string, Login> = new Map<string, Login>([
  ['mysql_native_password', logins.scramble],
  ['caching_sha2_password', logins.scramble],
  ['sha256_password', logins.sha256],
  ['mysql_clear_password', logins.cleartext],
]);

/** A server from before 4.1, or an account of its kind, says no more than that. */
const oldPassword = () =>
  Object.assign(new Error('unknown plugin mysql_old_password'), { code: 'AUTH_SWITCH_PLUGIN_ERROR' });

const foreign = () =>
  new Problem('protocol-mismatch', 'Expected the name of an authentication plugin; something else came');
