/**
 * Takes secrets out of free text by value, in every form in which one is likely to turn up there. Total: any text and any secret, half of a
 * surrogate pair included.
 */
export const scrub = (text: string, secrets: Iterable<string>): string => createScrubber(secrets)(text);

/** Takes secrets out of a text. With `known`, of a text that we built of names: those names are none of a secret's business. */
export type Scrubber = (text: string, known?: ReadonlySet<string>) => string;

/** The same for many texts: what each secret may look like is worked out once. */
export const createScrubber = (secrets: Iterable<string>): Scrubber => {
  // The longest first: a shorter one that is a part of it would leave the rest of it standing.
  const ordered = [...secrets].filter((secret) => secret !== '').sort((a, b) => b.length - a.length);
  const forms = new Map<string, readonly string[]>();
  return (text, known) => {
    let clean = text;
    for (const secret of ordered) {
      // No form of it is shorter by more than what base64 leaves open at its ends.
      if (secret.length > clean.length + 4) continue;
      // A short secret is part of too many words to be taken out; the text goes instead.
      if (secret.length < 6) {
        if (!clean.includes(secret)) continue;
        // One with marks between names in it is no part of a name.
        if (!known || secret.match(nameParts)?.[0] !== secret) return '[withheld: it may contain a secret]';
        clean = maskNames(clean, secret, known);
        continue;
      }
      const looks = forms.get(secret) ?? formsOf(secret);
      forms.set(secret, looks);
      for (const form of looks) clean = clean.replaceAll(form, '[secret]');
    }
    return clean;
  };
};

/** A statement is worth having without a name; words in capitals are SQL's. */
const maskNames = (text: string, secret: string, known: ReadonlySet<string>): string =>
  text.replaceAll(nameParts, (part) =>
    part.includes(secret) && !known.has(part) && !/^[A-Z]+$/.test(part) ? '[secret]' : part,
  );

const nameParts = /[^\s"'`[\](){},;.:=*]+/g;

/** What a caller says in `config` is no secret, and may stand in a statement. */
export const listKnownNames = (value: unknown): ReadonlySet<string> => {
  const texts = typeof value === 'object' && value !== null ? Object.values(value).flat() : [];
  return new Set(texts.flatMap((text) => (typeof text === 'string' ? (text.match(nameParts) ?? []) : [])));
};

const formsOf = (secret: string): string[] => {
  // Encoders of URLs throw at half of a character; what goes over a wire has U+FFFD in its place, as the bytes here do.
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
    wellFormed.replaceAll("'", "''"), // as SQL quotes it
    escapeMarkup(wellFormed),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...base64Forms(bytes),
  ];
  // Nothing but replacement characters stands for no secret in particular.
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

/** A secret inside something longer may begin at any of three places of a base64 group; what its own bytes alone decide is the same each time. */
const base64Forms = (bytes: Buffer): string[] =>
  [0, 1, 2].flatMap((shift) => {
    const padded = Buffer.concat([Buffer.alloc(shift), bytes]);
    const skip = shift === 0 ? 0 : shift + 1;
    const sure = Math.floor((padded.length * 8) / 6);
    return [padded.toString('base64'), padded.toString('base64url')].map((text) => text.slice(skip, sure));
  });
