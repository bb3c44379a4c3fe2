import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReceivedData } from '../../recording/recorder.ts';

/** The value that an owner gave for one field. No other value equals it. */
export interface Secret {
  readonly field: string;
  /** The value as a request carries it. */
  readonly value: string;
  /** The text to search for in what servers received. */
  readonly needle: string;
  /** The certificate of a TLS key, in PEM. */
  readonly certificate?: string;
}

export type Form = 'clear' | 'proof';

/** Fields that are used to sign or are only read, and are never sent. */
export const neverSent: ReadonlySet<string> = new Set([
  'private_key',
  'private_key_passphrase',
  'service_account',
  'secret_access_key',
  'ssl_key',
]);

/**
 * Creates a function that returns a new, unique secret for each field. Keys take long to generate, so later
 * runs reuse them.
 */
export const startMint = () => {
  const used = { rsa: 0, pairs: 0 };
  return (field: string): Secret => mint(field, used);
};

const mint = (field: string, used: { rsa: number; pairs: number }): Secret => {
  if (field === 'private_key') return fromPem(field, rsaKey(used.rsa++));
  if (field === 'service_account') {
    const pem = rsaKey(used.rsa++);
    const file = { client_email: 'robot@shop-one.iam.gserviceaccount.com', private_key: pem };
    return { ...fromPem(field, pem), value: JSON.stringify(file) };
  }
  if (field === 'ssl_key') {
    const { key, certificate } = clientPair(used.pairs++);
    return { ...fromPem(field, key), certificate };
  }
  const value = `fake${randomBytes(12).toString('hex')}`;
  return { field, value, needle: value };
};

/** Returns the form in which a server received the secret, if it did. */
export const formIn = ({ texts, proofs, certificate }: ReceivedData, secret: Secret): Form | undefined => {
  const forms = spellings(secret.needle);
  if (texts.some((text) => forms.some((form) => text.includes(form)))) return 'clear';
  if (secret.certificate !== undefined && certificate !== undefined) {
    if (secret.certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '') === certificate) return 'proof';
  }
  return proofs.some((proof) => proof(secret.value)) ? 'proof' : undefined;
};

const known = new Map<string, readonly string[]>();

/**
 * The needle in clear, in base64 at any offset, in hex, and in UTF-16. URLs and JSON do not change the
 * characters of a needle.
 */
const spellings = (needle: string): readonly string[] => {
  const before = known.get(needle);
  if (before) return before;
  const bytes = Buffer.from(needle);
  const base64 = [0, 1, 2].map((shift) => {
    const padded = Buffer.concat([Buffer.alloc(shift), bytes]);
    return padded.toString('base64').slice(shift === 0 ? 0 : shift + 1, Math.floor((padded.length * 8) / 6));
  });
  const wide = Buffer.from(needle, 'utf16le').toString('latin1');
  const made = [needle, ...base64, bytes.toString('hex'), bytes.toString('hex').toUpperCase(), wide];
  known.set(needle, made);
  return made;
};

const fromPem = (field: string, pem: string): Secret => ({
  field,
  value: pem,
  needle: pem.split('\n')[1] ?? pem,
});

const rsaKeys: string[] = [];
const rsaKey = (number: number): string => (rsaKeys[number] ??= newRsaKey());
const newRsaKey = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey;

const clientPairs: ReturnType<typeof newClientPair>[] = [];
const clientPair = (number: number) => (clientPairs[number] ??= newClientPair());
const newClientPair = () => {
  const key = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey;
  const subject = ['-subj', '/CN=mooring_reader', '-days', '30'];
  const folder = mkdtempSync(join(tmpdir(), 'mooring-client-'));
  try {
    writeFileSync(join(folder, 'key'), key, { mode: 0o600 });
    const options = ['req', '-x509', '-new', '-key', join(folder, 'key'), ...subject];
    const certificate = execFileSync('openssl', options, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return { key, certificate };
  } finally {
    rmSync(folder, { recursive: true });
  }
};
