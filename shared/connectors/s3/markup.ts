import type { Readable } from 'node:stream';
import { spend, tooLarge, type Allowance } from '../../network/budget.ts';
import { wholeBytes } from '../../network/whole-text.ts';
import { Problem } from '../../problem.ts';

/** Reads an answer and checks its XML before the SDK parses it: the SDK's parser has no limits, and reads a DOCTYPE again and again. */
export const readMarkup = async (answer: Readable, most: number): Promise<Buffer> => {
  const body = await wholeBytes(answer, Math.min(most, mostBytes), foreign);
  const first = body.find((byte) => !blanks.has(byte));
  if (first === open) checkMarkup(body); // newer services of AWS answer in JSON
  return body;
};

/** Throws `source-too-large` for too many or too deeply nested elements. Reads each byte once. */
export const checkMarkup = (body: Buffer): void => {
  const items: Allowance = { left: mostItems };
  let depth = 0;
  let inTag = false;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at];
    if (inTag) {
      if (byte === equals) {
        spend(items);
        at = endOfValue(body, at + 1);
      } else if (byte === close) {
        inTag = false;
        if (body[at - 1] === slash) depth -= 1;
      }
      continue;
    }
    if (byte !== open) continue;
    spend(items);
    const next = body[at + 1];
    if (next === exclamation) at = endOfRemark(body, at);
    else if (next === slash) depth -= 1;
    else if (next !== question) {
      inTag = true;
      depth += 1;
      if (depth > deepest) throw tooLarge('Expected XML that is nested less deeply');
    }
  }
};

/** A page of 1000 keys, each of 1024 escaped bytes, has half as many. */
const mostBytes = 8 * 2 ** 20;
/** Such a page has 20 000 tags. */
const mostItems = 200_000;
const deepest = 32;

const [open, close, slash, question, exclamation] = [0x3c, 0x3e, 0x2f, 0x3f, 0x21];
const blanks = new Set(Buffer.from(' \t\r\n'));
const [equals, double, single] = [0x3d, 0x22, 0x27];

const endOfValue = (body: Buffer, from: number): number => {
  const quote = body[from];
  if (quote !== double && quote !== single) throw foreign();
  const end = body.indexOf(quote, from + 1);
  return end < 0 ? body.length : end;
};

/** Finds the end of a comment or CDATA section. Refuses a DOCTYPE, and with it all custom entities. */
const endOfRemark = (body: Buffer, from: number): number => {
  const comment = body.toString('latin1', from, from + 4) === '<!--';
  if (!comment && body.toString('latin1', from, from + 9) !== '<![CDATA[') throw foreign();
  const end = body.indexOf(comment ? '-->' : ']]>', from);
  return end < 0 ? body.length : end + 2;
};

const foreign = () => new Problem('protocol-mismatch', 'Expected a short answer in plain XML');
