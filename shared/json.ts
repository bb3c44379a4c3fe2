/** Parses JSON. Returns `undefined` instead of throwing, because the parser's error quotes the text. */
export const tryParseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Whether lists and objects are nested deeper than `limit`. Scans the text, so that it can run before any recursive code sees the value. */
export const isNestedDeeper = (text: string, limit: number): boolean => {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (quoted) {
      if (unit === BACKSLASH) at++;
      else if (unit === QUOTE) quoted = false;
    } else if (unit === QUOTE) quoted = true;
    else if (unit === OPEN_LIST || unit === OPEN_OBJECT) {
      if (++depth > limit) return true;
    } else if (unit === CLOSE_LIST || unit === CLOSE_OBJECT) depth--;
  }
  return false;
};

/** Whether an object has the same name twice, with escapes decoded: parsers disagree on which of the two wins. The text must be valid JSON. */
export const hasRepeatedName = (text: string): boolean => {
  const objects: (Set<string> | undefined)[] = [];
  let awaitsName = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) {
      const end = findJsonStringEnd(text, at);
      const names = objects.at(-1);
      if (awaitsName && names) {
        const written = text.slice(at, end + 1);
        const name = written.includes('\\') ? String(tryParseJson(written)) : written.slice(1, -1);
        if (names.has(name)) return true;
        names.add(name);
        awaitsName = false;
      }
      at = end;
    } else if (unit === OPEN_OBJECT || unit === OPEN_LIST) {
      objects.push(unit === OPEN_OBJECT ? new Set() : undefined);
      awaitsName = unit === OPEN_OBJECT;
    } else if (unit === CLOSE_OBJECT || unit === CLOSE_LIST) {
      objects.pop();
      awaitsName = false;
    } else if (unit === COMMA) awaitsName = objects.at(-1) !== undefined;
  }
  return false;
};

/** Returns the index of the closing quote of the string that starts at `from`. */
const findJsonStringEnd = (text: string, from: number): number => {
  let at = from + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
};

const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
