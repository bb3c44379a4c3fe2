import { Problem } from '../problem.ts';
import type { ProblemCode } from '../problem.ts';

/**
 * What an eavesdropper or an impostor of the server learns from a login without TLS.
 * - `none`: the login contains no secret.
 * - `challenge`: a proof of the secret that does not reveal it.
 * - `weak-challenge`: a proof of the secret that allows fast offline guessing of passwords.
 * - `clear`: the secret itself, or a value that opens the account as the secret does.
 * - `tls-only`: the same as `clear`, but never allowed without TLS, even if the caller accepts plaintext.
 */
export type LoginKind = 'none' | 'challenge' | 'weak-challenge' | 'clear' | 'tls-only';

/** One way to log in with a protocol. */
export interface LoginMethod {
  /** The name that the manual uses. */
  readonly name: string;
  readonly kind: LoginKind;
  /** The page that documents what is sent. */
  readonly manual: string;
  /** An alternative to turning on TLS at the server, as a clause: `name an https URL`. */
  readonly instead?: string;
}

/** Every login method of a connector, by key. */
export type LoginMethods = Readonly<Record<string, LoginMethod>>;

export interface StepWarning {
  readonly code: ProblemCode;
  readonly remediation?: string;
}

/**
 * Makes the only decision about secrets and TLS. Throws if the login is not allowed, and returns a warning if it is weak.
 * `inClear` is true if the caller requested plaintext for this connection.
 */
export const assessLogin = (
  { name, kind, instead }: LoginMethod,
  { encrypted, inClear }: { readonly encrypted: boolean; readonly inClear: boolean },
): StepWarning | undefined => {
  if (encrypted || kind === 'none' || kind === 'challenge') return undefined;
  if (kind === 'weak-challenge') {
    return {
      code: 'tls-off',
      remediation: `Set ssl_mode to verify-full: without TLS, ${name} allows anyone on the network to guess the password offline.`,
    };
  }
  if (kind === 'clear' && inClear) return { code: 'password-in-clear' };
  throw new Problem(
    kind === 'clear' ? 'tls-unsupported' : 'tls-required',
    `Expected TLS: without it, ${name} would send the secret unencrypted.`,
    { remediation: kind === 'clear' ? renderPlaintextRemediation(instead) : tlsOnlyRemediation },
  );
};

const renderPlaintextRemediation = (instead?: string) =>
  `Turn on TLS at the server${instead === undefined ? '' : `, or ${instead}`}. Set ssl_mode to disable only if you accept that the password is sent unencrypted.`;

const tlsOnlyRemediation =
  'Turn on TLS at the server, and set ssl_mode to require, verify-ca or verify-full. This login method always needs TLS.';
