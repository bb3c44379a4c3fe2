import { tryParseJson } from '../../json.ts';
import { spendAllowance, createTooLargeProblem, type ReadAllowance } from '../budget.ts';

/** Limits on a JSON text of a source, checked before it is parsed: an empty object of 2 bytes takes 60 bytes of memory. */
export interface JsonLimits {
  readonly depth: number;
  /** Scalars, arrays and objects together. */
  readonly values: number;
  /** Arrays and objects. */
  readonly containers: number;
}

export const defaultJsonLimits: JsonLimits = { depth: 64, values: 1_000_000, containers: 500_000 };

/** Returns `undefined` if the text is not JSON. Throws `source-too-large` beyond the limits. */
export const parseForeignJson = (text: string, limits: JsonLimits = defaultJsonLimits): unknown => {
  countJsonValues(text, limits);
  return tryParseJson(text);
};

/** Counts the values without parsing them: one pass, no allocation. Throws `source-too-large` beyond the limits. */
export const countJsonValues = (text: string, limits: JsonLimits = defaultJsonLimits): number => {
  const values: ReadAllowance = { left: limits.values, spent: createJsonTooLargeProblem };
  const containers: ReadAllowance = { left: limits.containers, spent: createJsonTooLargeProblem };
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE_CODE) {
      at = findForeignStringEnd(text, at);
    } else if (code === COMMA_CODE) {
      spendAllowance(values);
    } else if (code === OPEN_BRACKET_CODE || code === OPEN_BRACE_CODE) {
      spendAllowance(values);
      spendAllowance(containers);
      depth += 1;
      if (depth > limits.depth) throw createJsonTooLargeProblem();
    } else if (code === CLOSE_BRACKET_CODE || code === CLOSE_BRACE_CODE) {
      depth -= 1;
    }
  }
  return limits.values - values.left;
};

const [QUOTE_CODE, BACKSLASH_CODE, COMMA_CODE] = [0x22, 0x5c, 0x2c];
const [OPEN_BRACKET_CODE, CLOSE_BRACKET_CODE, OPEN_BRACE_CODE, CLOSE_BRACE_CODE] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Returns the index of the closing quotation mark, or the length of the text if there is none. */
const findForeignStringEnd = (text: string, from: number): number => {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === BACKSLASH_CODE) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return text.length;
};

const createJsonTooLargeProblem = () =>
  createTooLargeProblem('Expected JSON of fewer values, or of values that are nested less deeply');
