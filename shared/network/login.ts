import { Problem } from '../problem.ts';
import type { ProblemCode } from '../problem.ts';

/**
 * What somebody who listens, or who poses as the server, learns from a login without TLS.
 * - `none`: there is no secret in it.
 * - `challenge`: a proof of the secret, from which it cannot be had.
 * - `weak-challenge`: a proof of the secret against which passwords can be tried quickly.
 * - `clear`: the secret itself, or what opens the account as well as it does.
 * - `tls-only`: the same, of a kind that its owner does not accept without TLS, whatever the caller allows.
 */
export type LoginKind = 'none' | 'challenge' | 'weak-challenge' | 'clear' | 'tls-only';

/** One way of a protocol to log in. */
export interface Login {
  /** As the manual calls it. */
  readonly name: string;
  readonly kind: LoginKind;
  /** The page that says what is sent. */
  readonly manual: string;
  /** What else helps than TLS at the server: `name an https URL`. */
  readonly instead?: string;
}

/** Every login of a connector, by a name of its own. */
export type Logins = Readonly<Record<string, Login>>;

export interface Warning {
  readonly code: ProblemCode;
  readonly remediation?: string;
}

/**
 * The one decision about secrets and TLS: whether a login may go on, with a warning or without one; throws where it may not.
 * `inClear`: the caller of this very connection asked for it to be in clear.
 */
export const judgeLogin = (
  { name, kind, instead }: Login,
  { encrypted, inClear }: { readonly encrypted: boolean; readonly inClear: boolean },
): Warning | undefined => {
  if (encrypted || kind === 'none' || kind === 'challenge') return undefined;
  if (kind === 'weak-challenge') {
    return {
      code: 'tls-off',
      remediation: `${name} without TLS lets whoever listens try passwords quickly: set ssl_mode to verify-full.`,
    };
  }
  if (kind === 'clear' && inClear) return { code: 'password-in-clear' };
  throw new Problem(
    kind === 'clear' ? 'tls-unsupported' : 'tls-required',
    `Expected TLS, without which ${name} would send the secret in clear.`,
    { remediation: kind === 'clear' ? accept(instead) : insist },
  );
};

const accept = (instead?: string) =>
  `Turn TLS on at the server${instead === undefined ? '' : `, or ${instead}`}. Set ssl_mode to disable only if you accept that the password travels in clear.`;

const insist =
  'Turn TLS on at the server, and set ssl_mode to require or better: this login never goes without TLS.';
