/**
 * Takes secrets out of free text by value, in every form in which one is likely to turn up there. Total: any text and any secret, half of a
 * surrogate pair included.
 */
export const scrub = (text: string, secrets: Iterable<string>): string => {
  let clean = text;
  // The longest first: a shorter one that is a part of it would leave the rest of it standing.
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret.length === 0) continue;
    // A short secret is part of too many words to be taken out; the text goes instead.
    if (secret.length < 6) {
      if (clean.includes(secret)) return '[withheld: it may contain a secret]';
      continue;
    }
    for (const form of formsOf(secret)) clean = clean.replaceAll(form, '[secret]');
  }
  return clean;
};

const formsOf = (secret: string): string[] => {
  // Encoders of URLs throw at half of a character; what goes over a wire has U+FFFD in its place, as the bytes here do.
  const wellFormed = secret.toWellFormed();
  const bytes = Buffer.from(secret);
  const forms = [
    secret,
    wellFormed,
    encodeURIComponent(wellFormed),
    encodeURI(wellFormed),
    new URLSearchParams({ s: wellFormed }).toString().slice(2),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    ...base64Forms(bytes),
  ];
  // Nothing but replacement characters stands for no secret in particular.
  return [...new Set(forms)]
    .filter((form) => /[^\uFFFD]/.test(form) || form === secret)
    .sort((a, b) => b.length - a.length);
};

/** A secret inside something longer may begin at any of three places of a base64 group; what its own bytes alone decide is the same each time. */
const base64Forms = (bytes: Buffer): string[] =>
  [0, 1, 2].flatMap((shift) => {
    const padded = Buffer.concat([Buffer.alloc(shift), bytes]);
    const skip = shift === 0 ? 0 : shift + 1;
    const sure = Math.floor((padded.length * 8) / 6);
    return [padded.toString('base64'), padded.toString('base64url')].map((text) => text.slice(skip, sure));
  });
