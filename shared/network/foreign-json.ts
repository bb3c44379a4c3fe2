import { jsonOf } from '../json.ts';
import { spend, tooLarge, type Allowance } from './budget.ts';

/** Limits on a JSON text of a source, checked before it is parsed: an empty object of 2 bytes takes 60 bytes of memory. */
export interface JsonLimits {
  readonly depth: number;
  /** Scalars, arrays and objects together. */
  readonly values: number;
  /** Arrays and objects. */
  readonly containers: number;
}

export const jsonLimits: JsonLimits = { depth: 64, values: 1_000_000, containers: 500_000 };

/** Returns `undefined` if the text is not JSON. Throws `source-too-large` beyond the limits. */
export const parseForeignJson = (text: string, limits: JsonLimits = jsonLimits): unknown => {
  checkJson(text, limits);
  return jsonOf(text);
};

/** Counts the values without parsing them: one pass, no allocation. Throws `source-too-large` beyond the limits. */
export const checkJson = (text: string, limits: JsonLimits = jsonLimits): number => {
  const values: Allowance = { left: limits.values, spent: tooMuch };
  const containers: Allowance = { left: limits.containers, spent: tooMuch };
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
    } else if (code === comma) {
      spend(values);
    } else if (code === openBracket || code === openBrace) {
      spend(values);
      spend(containers);
      depth += 1;
      if (depth > limits.depth) throw tooMuch();
    } else if (code === closeBracket || code === closeBrace) {
      depth -= 1;
    }
  }
  return limits.values - values.left;
};

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Returns the index of the closing quotation mark, or the length of the text if there is none. */
const endOfString = (text: string, from: number): number => {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === backslash) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return text.length;
};

const tooMuch = () => tooLarge('Expected JSON of fewer values, or of values that are nested less deeply');
