/**
 * Puts the begin line, the Base64 lines and the end line of a PEM block on separate lines, as parsers require. Repairs what copying damages:
 * line breaks written as `\n`, everything on one line, or indented lines. Returns correct PEM, and text without a block, unchanged.
 */
export const repairPem = (text: string): string => {
  if (!text.includes('-----BEGIN ')) return text;
  const lines = text.replaceAll(/(?:\\r)?\\n/g, '\n');
  if (lines === text && !isBrokenPem(text)) return text;
  const blocks = [...lines.matchAll(pemBlock)].map(
    ([, label, body = '']) => `-----BEGIN ${label}-----\n${wrapBase64(body)}\n-----END ${label}-----\n`,
  );
  return blocks.length > 0 ? blocks.join('') : text;
};

/** Does not match blocks with a header such as `Proc-Type`, because of its colon. RFC 7468, section 3. */
const pemBlock = /-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----/g;

/** Finds a begin or end marker with other text on its line, or an indented line. */
const isBrokenPem = (text: string): boolean =>
  /-----BEGIN [A-Z0-9 ]{1,40}-----[^\r\n]|[^\r\n]-----END |^[ \t]+\S/m.test(text);

const wrapBase64 = (body: string): string =>
  body
    .replaceAll(/\s/g, '')
    .match(/.{1,64}/g)
    ?.join('\n') ?? '';
