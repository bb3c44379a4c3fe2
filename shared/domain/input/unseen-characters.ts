/** Control characters, Unicode line breaks, zero-width characters, and characters that change the writing direction. */
export const unseenPattern = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/**
 * Names the first invisible character of a text and its position, as the expectation of a field error. Use it only for fields that are not
 * secret.
 */
export const describeUnseen = (text: string): string | undefined => {
  const found = unseenPattern.exec(text);
  if (!found) return undefined;
  const at = found.index + 1;
  const code = found[0].codePointAt(0) ?? 0;
  const name = unseenCharacterNames[code];
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return `text without control characters and invisible characters: character ${at} is ${name ? `${name} (${number})` : number}`;
};

/** The Unicode names of characters that copying often adds. https://www.unicode.org/charts/ */
const unseenCharacterNames: Readonly<Record<number, string>> = {
  0x09: 'a tab',
  0x0a: 'a line break',
  0x0d: 'a line break',
  0xad: 'a soft hyphen',
  0x200b: 'a zero width space',
  0x200c: 'a zero width non-joiner',
  0x200d: 'a zero width joiner',
  0x200e: 'a left-to-right mark',
  0x200f: 'a right-to-left mark',
  0x2028: 'a line separator',
  0x2060: 'a word joiner',
  0xfeff: 'a byte order mark',
};
