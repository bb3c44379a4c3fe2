import type { Announcement, Heard } from '../../recording/recorder.ts';
import { formIn, type Form, neverSent, type Secret } from './secrets.ts';

/** What an owner said of one secret, in one request that carried it or named its ARN again. */
export interface Consent {
  readonly ports: ReadonlySet<number>;
  /** Of a service that serves many under one address; undefined where it tells no accounts apart. */
  readonly account: string | undefined;
  readonly mode: string;
  readonly authority: string | null;
  /** Whether the way to log in sends the secret itself. */
  readonly sendsItself: boolean;
  /** Whether the connection asked for no TLS, as `disable` does. */
  readonly withoutTls: boolean;
}

/** What the tags of a platform secret say. */
export interface Tags {
  readonly ports: ReadonlySet<number>;
  readonly accounts: ReadonlySet<string>;
  readonly weakest: string;
}

export interface Owned {
  readonly secret: Secret;
  readonly consents: Consent[];
  /** Every state in which its tags ever were; a managed secret has none. */
  readonly tags?: Tags[];
}

interface Certificates {
  readonly ours: string;
}

/** What was received that its owner did not allow, in words; nothing where all was allowed. */
export const violationsOf = (
  owned: readonly Owned[],
  heard: readonly Heard[],
  announcements: readonly Announcement[],
  certificates: Certificates,
): readonly string[] =>
  heard.flatMap((record) =>
    owned.flatMap(({ secret, consents, tags }) => {
      const form = formIn(record, secret);
      if (form === undefined) return [];
      const allowed =
        consents.some((consent) => permits(consent, { record, form, secret, announcements, certificates })) &&
        (tags === undefined || tags.some((state) => tagged(state, record, certificates, consents)));
      if (allowed) return [];
      const where = `the server at ${record.port}${record.account ? ` (${record.account})` : ''}`;
      return [
        `${secret.field} (${secret.needle.slice(0, 8)}…), as ${form}, reached ${where} with TLS ${record.tls}`,
      ];
    }),
  );

interface Received {
  readonly record: Heard;
  readonly form: Form;
  readonly secret: Secret;
  readonly announcements: readonly Announcement[];
  readonly certificates: Certificates;
}

const permits = (
  consent: Consent,
  { record, form, secret, announcements, certificates }: Received,
): boolean => {
  if (!reachable(consent.ports, announcements).has(record.port)) return false;
  if (consent.account !== undefined && record.account !== undefined && record.account !== consent.account)
    return false;
  // A handshake proves who has the key of a certificate to nobody but this server, and before it is known whose the server's own is.
  if (secret.field === 'ssl_key' && form === 'proof') return true;
  if (form === 'clear') {
    if (neverSent.has(secret.field) || !consent.sendsItself) return false;
    if (record.tls === 'off' && !consent.withoutTls) return false;
  }
  return strength(record, consent.authority, certificates) >= demanded(consent.mode);
};

/** Those that were named, and whoever they announced. */
const reachable = (
  ports: ReadonlySet<number>,
  announcements: readonly Announcement[],
): ReadonlySet<number> => {
  const found = new Set(ports);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { from, to } of announcements) if (found.has(from)) found.add(to);
  }
  return found;
};

/** By what the server showed, to a client that knows this authority. */
const strength = ({ tls }: Heard, authority: string | null, { ours }: Certificates): number => {
  if (tls === 'off') return 0;
  if (tls === 'self-signed' || authority !== ours) return 1;
  return tls === 'other-name' ? 2 : 3;
};

const demanded = (mode: string): number => ({ disable: 0, prefer: 0, require: 1, 'verify-ca': 2 })[mode] ?? 3;

const tagged = (
  { ports, accounts, weakest }: Tags,
  record: Heard,
  certificates: Certificates,
  consents: readonly Consent[],
): boolean => {
  const place = record.account === undefined ? ports.has(record.port) : accounts.has(record.account);
  return (
    place && consents.some(({ authority }) => strength(record, authority, certificates) >= demanded(weakest))
  );
};
