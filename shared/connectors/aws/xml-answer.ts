import type { Readable } from 'node:stream';
import { spendAllowance, createTooLargeProblem, type ReadAllowance } from '../../network/budget.ts';
import { readWholeBytes } from '../../network/http/read-whole-text.ts';
import { Problem } from '../../problem.ts';

/** Reads an answer and checks its XML before the SDK parses it: the SDK's parser has no limits, and reads a DOCTYPE again and again. */
export const readXmlAnswer = async (answer: Readable, maxBytes: number): Promise<Buffer> => {
  const body = await readWholeBytes(answer, Math.min(maxBytes, MAX_XML_BYTES), createXmlProblem);
  const first = body.find((byte) => !xmlBlanks.has(byte));
  if (first === LESS_THAN) checkXml(body); // newer services of AWS answer in JSON
  return body;
};

/** Throws `source-too-large` for too many or too deeply nested elements. Reads each byte once. */
export const checkXml = (body: Buffer): void => {
  const items: ReadAllowance = { left: MAX_XML_ITEMS };
  let depth = 0;
  let inTag = false;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at];
    if (inTag) {
      if (byte === EQUALS_SIGN) {
        spendAllowance(items);
        at = findAttributeEnd(body, at + 1);
      } else if (byte === GREATER_THAN) {
        inTag = false;
        if (body[at - 1] === SLASH) depth -= 1;
      }
      continue;
    }
    if (byte !== LESS_THAN) continue;
    spendAllowance(items);
    const next = body[at + 1];
    if (next === EXCLAMATION_MARK) at = findCommentEnd(body, at);
    else if (next === SLASH) depth -= 1;
    else if (next !== QUESTION_MARK) {
      inTag = true;
      depth += 1;
      if (depth > MAX_XML_DEPTH)
        throw createTooLargeProblem(`Expected XML with at most ${MAX_XML_DEPTH} levels`);
    }
  }
};

/** A page of 1000 keys, each of 1024 escaped bytes, has half as many. */
const MAX_XML_BYTES = 8 * 2 ** 20;
/** Such a page has 20 000 tags. */
const MAX_XML_ITEMS = 200_000;
const MAX_XML_DEPTH = 32;

const [LESS_THAN, GREATER_THAN, SLASH, QUESTION_MARK, EXCLAMATION_MARK] = [0x3c, 0x3e, 0x2f, 0x3f, 0x21];
const xmlBlanks = new Set(Buffer.from(' \t\r\n'));
const [EQUALS_SIGN, DOUBLE_QUOTE, SINGLE_QUOTE] = [0x3d, 0x22, 0x27];

const findAttributeEnd = (body: Buffer, from: number): number => {
  const quote = body[from];
  if (quote !== DOUBLE_QUOTE && quote !== SINGLE_QUOTE) throw createXmlProblem();
  const end = body.indexOf(quote, from + 1);
  return end < 0 ? body.length : end;
};

/** Finds the end of a comment or CDATA section. Refuses a DOCTYPE, and with it all custom entities. */
const findCommentEnd = (body: Buffer, from: number): number => {
  const comment = body.toString('latin1', from, from + 4) === '<!--';
  if (!comment && body.toString('latin1', from, from + 9) !== '<![CDATA[') throw createXmlProblem();
  const end = body.indexOf(comment ? '-->' : ']]>', from);
  return end < 0 ? body.length : end + 2;
};

const createXmlProblem = () =>
  new Problem('protocol-mismatch', 'Expected a short XML answer without a DOCTYPE');
