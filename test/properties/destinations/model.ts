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

export interface Judgement {
  /** What was received that its owner did not allow, in words. */
  readonly violations: readonly string[];
  /** How many times a server received what it was allowed to. */
  readonly allowed: number;
}

/** Judges what was heard since it was judged last: an owner's later word changes nothing of it. */
export const startJudge = (certificates: Certificates) => {
  const judged = new WeakMap<Heard, number>();
  const sizeOf = ({ texts, proofs, certificate }: Heard) =>
    texts.length + proofs.length + (certificate ? 1 : 0);
  return (
    owned: readonly Owned[],
    heard: readonly Heard[],
    announcements: readonly Announcement[],
  ): Judgement => {
    const fresh = heard.filter((record) => judged.get(record) !== sizeOf(record));
    for (const record of fresh) judged.set(record, sizeOf(record));
    return judge(owned, fresh, announcements, certificates);
  };
};

const judge = (
  owned: readonly Owned[],
  heard: readonly Heard[],
  announcements: readonly Announcement[],
  certificates: Certificates,
): Judgement => {
  const receipts = heard.flatMap((record) =>
    owned.flatMap(({ secret, consents, tags }) => {
      const form = formIn(record, secret);
      if (form === undefined) return [];
      const received = { record, form, secret, announcements, certificates };
      const allowed =
        consents.some((consent) => permits(consent, received)) &&
        (tags === undefined || tags.some((state) => tagged(state, received, consents)));
      return [{ allowed, text: describe(received) }];
    }),
  );
  const [allowed = [], refused = []] = [true, false].map((is) =>
    receipts.filter((one) => one.allowed === is),
  );
  return { violations: refused.map(({ text }) => text), allowed: allowed.length };
};

const describe = ({ record: { port, account, tls }, form, secret: { field, needle } }: Received) =>
  `${field} (${needle.slice(0, 8)}…), as ${form}, reached the server at ${port}${account ? ` (${account})` : ''} with TLS ${tls}`;

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
  { record, certificates }: Received,
  consents: readonly Consent[],
): boolean => {
  const place = record.account === undefined ? ports.has(record.port) : accounts.has(record.account);
  return (
    place && consents.some(({ authority }) => strength(record, authority, certificates) >= demanded(weakest))
  );
};
