import type { LoginMethod, LoginMethods } from '../../network/login-methods.ts';
import { Problem } from '../../problem.ts';

export const mysqlLogins = {
  /** mysql_native_password and caching_sha2_password send a hash of the password and the server's challenge with the user name. */
  scramble: {
    name: 'challenge-response authentication',
    kind: 'weak-challenge',
    manual:
      'https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_authentication_methods.html',
  },
  /**
   * Without TLS, the driver encrypts the password with an RSA key that the server sends. An attacker in the middle can send another key and
   * decrypt the password. MySQL's own clients request the key only with `--get-server-public-key`.
   */
  full: {
    name: 'the full authentication of caching_sha2_password',
    kind: 'clear',
    manual: 'https://dev.mysql.com/doc/refman/8.4/en/caching-sha2-pluggable-authentication.html',
  },
  /** Uses an RSA key from the server as well. */
  sha256: {
    name: 'sha256_password',
    kind: 'clear',
    manual: 'https://dev.mysql.com/doc/refman/8.4/en/sha256-pluggable-authentication.html',
  },
  /** Sends passwords of a directory (PAM, LDAP) and RDS tokens, which give access to more than this server. */
  cleartext: {
    name: 'mysql_clear_password',
    kind: 'tls-only',
    manual: 'https://dev.mysql.com/doc/refman/8.4/en/cleartext-pluggable-authentication.html',
  },
} as const satisfies LoginMethods;

/**
 * Returns the login that a packet of the server requests. `head` is the start of the packet's payload, which is `length` bytes long. Returns
 * undefined if the packet requests none, or a plugin that the driver does not know.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
 */
export const parseMysqlLogin = (head: Buffer, length: number): LoginMethod | undefined => {
  const marker = head[0] ?? 0;
  if (marker === MYSQL_AUTH_MORE_DATA)
    return length === 2 && head[1] === MYSQL_FAST_AUTH_SUCCESS ? undefined : mysqlLogins.full;
  if (!mysqlAuthSwitchMarkers.has(marker)) return undefined;
  if (length === 1) throw createMysqlOldPasswordError();
  const end = head.indexOf(0, 1);
  const plugin = head.toString('latin1', 1, end);
  // The driver would continue an unterminated name into the next packet.
  if (end < 0 || !/^[!-~]+$/.test(plugin)) throw createMysqlPluginProblem();
  return mysqlAuthPlugins.get(plugin);
};

/** AuthMoreData, and what caching_sha2_password sends in it if the scramble was sufficient. */
const MYSQL_AUTH_MORE_DATA = 1;
const MYSQL_FAST_AUTH_SUCCESS = 3;
/** AuthNextFactor, AuthSwitchRequest. */
const mysqlAuthSwitchMarkers: ReadonlySet<number> = new Set([2, 0xfe]);

const mysqlAuthPlugins: ReadonlyMap<string, LoginMethod> = new Map<string, LoginMethod>([
  ['mysql_native_password', mysqlLogins.scramble],
  ['caching_sha2_password', mysqlLogins.scramble],
  ['sha256_password', mysqlLogins.sha256],
  ['mysql_clear_password', mysqlLogins.cleartext],
]);

/** A server older than 4.1, or an account with a password from then, sends an AuthSwitchRequest without a plugin name. */
const createMysqlOldPasswordError = () =>
  Object.assign(new Error('unknown plugin mysql_old_password'), { code: 'AUTH_SWITCH_PLUGIN_ERROR' });

const createMysqlPluginProblem = () =>
  new Problem('protocol-mismatch', 'Expected the name of an authentication plugin');
