import type { Announcement, ReceivedData } from '../../recording/recorder.ts';
import { formIn, type Form, neverSent, type Secret } from './secrets.ts';

/** The owner's consent for one secret, given in a request that carried the secret or named its ARN. */
export interface Consent {
  readonly ports: ReadonlySet<number>;
  /** For a service with many accounts at one address; `undefined` if it does not tell accounts apart. */
  readonly account: string | undefined;
  readonly mode: string;
  readonly authority: string | null;
  /** Whether the auth method sends the secret itself. */
  readonly sendsItself: boolean;
  /** Whether the connection asked for no TLS, as `disable` does. */
  readonly withoutTls: boolean;
}

/** The meaning of the tags of a platform secret. */
export interface Tags {
  readonly ports: ReadonlySet<number>;
  readonly accounts: ReadonlySet<string>;
  readonly weakest: string;
}

export interface Owned {
  readonly secret: Secret;
  readonly consents: Consent[];
  /** Every state that its tags have had. A managed secret has none. */
  readonly tags?: Tags[];
}

interface Certificates {
  readonly ours: string;
}

export interface Judgement {
  /** Descriptions of what servers received without the owner's consent. */
  readonly violations: readonly string[];
  /** How often a server received a secret with the owner's consent. */
  readonly allowed: number;
}

/**
 * Judges what servers received since the last judgement. A later consent does not change earlier judgements.
 */
export const startJudge = (certificates: Certificates) => {
  const judged = new WeakMap<ReceivedData, number>();
  const sizeOf = ({ texts, proofs, certificate }: ReceivedData) =>
    texts.length + proofs.length + (certificate ? 1 : 0);
  return (
    owned: readonly Owned[],
    heard: readonly ReceivedData[],
    announcements: readonly Announcement[],
  ): Judgement => {
    const fresh = heard.filter((record) => judged.get(record) !== sizeOf(record));
    for (const record of fresh) judged.set(record, sizeOf(record));
    return judge(owned, fresh, announcements, certificates);
  };
};

const judge = (
  owned: readonly Owned[],
  heard: readonly ReceivedData[],
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
  readonly record: ReceivedData;
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
  // A TLS handshake proves possession of the key only to this server, and it happens before the server's own
  // certificate is checked.
  if (secret.field === 'ssl_key' && form === 'proof') return true;
  if (form === 'clear') {
    if (neverSent.has(secret.field) || !consent.sendsItself) return false;
    if (record.tls === 'off' && !consent.withoutTls) return false;
  }
  return strength(record, consent.authority, certificates) >= demanded(consent.mode);
};

/** Returns the named ports and all ports that their servers announced. */
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

/** Rates the TLS that the server showed to a client that trusts this authority. */
const strength = ({ tls }: ReceivedData, authority: string | null, { ours }: Certificates): number => {
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
