/**
 * PEM as parsers want it: begin, lines of Base64 and end, each on a line of its own. Undoes what copying does to it: line breaks written as
 * `\n`, all on one line, or each line moved to the right. What is already right, and whatever holds no block at all, is returned as it is.
 */
export const repairPem = (text: string): string => {
  if (!text.includes('-----BEGIN ')) return text;
  const lines = text.replaceAll(/(?:\\r)?\\n/g, '\n');
  if (lines === text && !isBroken(text)) return text;
  const blocks = [...lines.matchAll(block)].map(
    ([, label, body = '']) => `-----BEGIN ${label}-----\n${wrap(body)}\n-----END ${label}-----\n`,
  );
  return blocks.length > 0 ? blocks.join('') : text;
};

/** Without a header such as `Proc-Type`, which has a colon. RFC 7468, section 3. */
const block = /-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----/g;

/** A begin or an end with something else on its line, or a line that starts with a blank. */
const isBroken = (text: string): boolean =>
  /-----BEGIN [A-Z0-9 ]{1,40}-----[^\r\n]|[^\r\n]-----END |^[ \t]+\S/m.test(text);

const wrap = (body: string): string =>
  body
    .replaceAll(/\s/g, '')
    .match(/.{1,64}/g)
    ?.join('\n') ?? '';
