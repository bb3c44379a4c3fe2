import type { SchemaReading } from './schema-fields.ts';

/** Returns the names, numbers, strings and punctuation of a .proto file, without comments, in linear time. */
export const parseProtobufTokens = (
  text: string,
  { budget, leaveOut }: Pick<SchemaReading, 'budget' | 'leaveOut'>,
): readonly string[] => {
  const tokens: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = findTokenEnd(text, at);
    if (isUnterminated(text, at, end)) leaveOut('unreadable');
    budget.step(end - at + PROTOBUF_TOKEN_COST);
    if (!isBlankOrComment(text, at)) tokens.push(text.slice(at, end));
    at = end;
  }
  return tokens;
};

const PROTOBUF_TOKEN_COST = 10;

const isBlankOrComment = (text: string, at: number): boolean =>
  /\s/.test(text.charAt(at)) || text.startsWith('//', at) || text.startsWith('/*', at);

/** Whether a comment or string has no end. */
const isUnterminated = (text: string, at: number, end: number): boolean => {
  const first = text.charAt(at);
  if (first === '"' || first === "'") return end < at + 2 || text.charAt(end - 1) !== first;
  return text.startsWith('/*', at) && (end < at + 4 || !text.startsWith('*/', end - 2));
};

const findTokenEnd = (text: string, at: number): number => {
  const first = text.charAt(at);
  if (text.startsWith('//', at)) return findEndAfter(text, '\n', at);
  if (text.startsWith('/*', at)) return findEndAfter(text, '*/', at + 2);
  if (first === '"' || first === "'") return findProtobufStringEnd(text, at, first);
  return findRunEnd(text, at, whitespaceRun) ?? findRunEnd(text, at, wordRun) ?? at + 1;
};

const whitespaceRun = /\s+/y;
const wordRun = /[\w.]+/y;

const findRunEnd = (text: string, at: number, run: RegExp): number | undefined => {
  run.lastIndex = at;
  return run.test(text) ? run.lastIndex : undefined;
};

/** An unterminated comment extends to the end of the text. */
const findEndAfter = (text: string, mark: string, from: number): number => {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length : found + mark.length;
};

/** An unterminated string ends at the end of its line. */
const findProtobufStringEnd = (text: string, from: number, quote: string): number => {
  for (let at = from + 1; at < text.length; at += 1) {
    const one = text.charAt(at);
    if (one === '\\') at += 1;
    else if (one === quote) return at + 1;
    else if (one === '\n') return at;
  }
  return text.length;
};
