/**
 * Removes secrets from free text by value, in every encoding in which one is likely to appear there. Accepts any text and any secret, even with
 * lone surrogates.
 */
export const scrub = (text: string, secrets: Iterable<string>): string => createScrubber(secrets)(text);

/** Removes secrets from a text. With `known`, the text is one that Mooring built from names, and the names in `known` are kept. */
export type Scrubber = (text: string, known?: ReadonlySet<string>) => string;

/** Creates a scrubber for many texts: computes the encoded forms of each secret once. */
export const createScrubber = (secrets: Iterable<string>): Scrubber => {
  // Longest first: replacing a shorter secret that is part of a longer one would leave the rest of the longer one.
  const ordered = [...secrets].filter((secret) => secret !== '').sort((a, b) => b.length - a.length);
  const forms = new Map<string, readonly string[]>();
  return (text, known) => {
    let clean = text;
    for (const secret of ordered) {
      // A form is at most 4 characters shorter than the secret: base64 leaves its ends undetermined.
      if (secret.length > clean.length + 4) continue;
      // A short secret is part of too many words to be replaced, so the whole text is withheld.
      if (secret.length < 6) {
        if (!clean.includes(secret)) continue;
        // A secret that contains a separator cannot be part of a name.
        if (!known || secret.match(namePartPattern)?.[0] !== secret)
          return '[withheld: it may contain a secret]';
        clean = maskNames(clean, secret, known);
        continue;
      }
      const looks = forms.get(secret) ?? listSecretForms(secret);
      forms.set(secret, looks);
      for (const form of looks) clean = clean.replaceAll(form, '[secret]');
    }
    return clean;
  };
};

/** Replaces only the names that contain the secret, because the rest of a statement is still useful. Words in capitals are SQL keywords. */
const maskNames = (text: string, secret: string, known: ReadonlySet<string>): string =>
  text.replaceAll(namePartPattern, (part) =>
    part.includes(secret) && !known.has(part) && !/^[A-Z]+$/.test(part) ? '[secret]' : part,
  );

const namePartPattern = /[^\s"'`[\](){},;.:=*]+/g;

/** Lists the names in a `config`: they are not secret, and may appear in a statement. */
export const listKnownNames = (value: unknown): ReadonlySet<string> => {
  const texts = typeof value === 'object' && value !== null ? Object.values(value).flat() : [];
  return new Set(
    texts.flatMap((text) => (typeof text === 'string' ? (text.match(namePartPattern) ?? []) : [])),
  );
};

const listSecretForms = (secret: string): string[] => {
  // URL encoders throw at a lone surrogate; on the wire U+FFFD replaces it, as in `bytes`.
  const wellFormed = secret.toWellFormed();
  const bytes = Buffer.from(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  const percents = [
    encodeURIComponent(wellFormed),
    encodeURIComponent(wellFormed).replaceAll(/[!'()*]/g, toPercent), // RFC 3986, as AWS signs
    encodeURI(wellFormed),
    new URLSearchParams({ s: wellFormed }).toString().slice(2),
  ];
  const forms = [
    secret,
    wellFormed,
    ...percents,
    ...percents.map((form) => form.replaceAll(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase())),
    json,
    json.replaceAll(/[^ -~]/g, toJsonEscape),
    wellFormed.replaceAll("'", "''"), // quoted as in SQL
    escapeMarkup(wellFormed),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...listBase64Forms(bytes),
  ];
  // A form of replacement characters only does not identify a secret.
  return [...new Set(forms)]
    .filter((form) => /[^\uFFFD]/.test(form) || form === secret)
    .sort((a, b) => b.length - a.length);
};

const toPercent = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

const toJsonEscape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

const escapeMarkup = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');

/** A secret inside a longer value may start at any of three offsets of a base64 group. Keeps the characters that depend only on the secret's bytes. */
const listBase64Forms = (bytes: Buffer): string[] =>
  [0, 1, 2].flatMap((shift) => {
    const padded = Buffer.concat([Buffer.alloc(shift), bytes]);
    const skip = shift === 0 ? 0 : shift + 1;
    const sure = Math.floor((padded.length * 8) / 6);
    return [padded.toString('base64'), padded.toString('base64url')].map((text) => text.slice(skip, sure));
  });
