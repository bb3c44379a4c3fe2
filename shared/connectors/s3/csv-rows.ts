import type { Budget } from '../../network/budget.ts';

/** How rows are divided into fields. */
export interface CsvSyntax {
  readonly delimiter: string;
  /** The quotation mark that encloses fields. */
  readonly quote: string;
}

interface CsvReadOptions extends CsvSyntax {
  /** Whether the text is the whole file. */
  readonly whole: boolean;
  readonly budget: Budget;
  /** Called for each quotation mark that does not enclose a whole field. */
  readonly onStray?: () => void;
}

/**
 * Calls `take` with each row and the position where it ends, until `take` returns false; returns the position that it reached. Skips the
 * last row of a partial file, which may be incomplete. RFC 4180: https://www.rfc-editor.org/rfc/rfc4180
 */
export const readCsvRows = (
  text: string,
  { delimiter, quote, whole, budget, onStray: stray }: CsvReadOptions,
  take: (row: readonly string[], until: number) => boolean | void,
): number => {
  let row: string[] = [];
  let at = 0;
  /** Whether an unclosed quotation mark was found. It then encloses nothing, and later marks are not matched either. */
  let isUnclosed = false;
  const finish = (): boolean => {
    const isBlank = row.length === 1 && row[0] === '';
    const more = isBlank || take(row, at) !== false;
    row = [];
    return more;
  };
  while (at < text.length) {
    const from = at;
    let field: string;
    // Blanks may stand between a delimiter and the quotation mark of the next field.
    let mark = at;
    while (text[mark] === ' ') mark += 1;
    const end =
      text[mark] === quote && !isUnclosed ? findClosingQuote(text, mark, { delimiter, quote }) : undefined;
    if (end === 'nowhere' && !whole) return text.length;
    if (end === 'nowhere') {
      isUnclosed = true;
      stray?.();
    }
    if (typeof end === 'number') {
      field = text.slice(mark + 1, end).replaceAll(quote + quote, quote);
      at = end + 1;
      const rest = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n') at += 1;
      const behind = text.slice(rest, at).trimEnd(); // the field contains a mark that is not doubled
      if (behind !== '') stray?.();
      field += behind;
    } else {
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n') at += 1;
      field = text.slice(from, at);
      if (field.endsWith('\r')) field = field.slice(0, -1);
    }
    budget.step(at - from + 1);
    row.push(field);
    if (text[at] === delimiter) {
      at += 1;
      if (at >= text.length) row.push('');
      continue;
    }
    if (at >= text.length && !whole) return text.length;
    if (!finish()) return at;
    at += 1;
  }
  if (whole && row.length > 0) finish();
  return text.length;
};

/** Finds the mark that closes a field: `undefined` if the opening mark is part of the field, `nowhere` if no mark closes it. */
const findClosingQuote = (
  text: string,
  mark: number,
  { delimiter, quote }: CsvSyntax,
): number | 'nowhere' | undefined => {
  if (delimiter === '\t' && isLiteralQuote(text, mark, quote)) return undefined;
  for (let end = mark + 1; ; end += 2) {
    end = text.indexOf(quote, end);
    if (end < 0) return 'nowhere';
    if (text[end + 1] !== quote) return end;
  }
};

/** Whether a mark in tab-separated text is part of its field: inches, or a quotation inside a longer text. Such text seldom has quoted fields. */
const isLiteralQuote = (text: string, mark: number, quote: string): boolean => {
  for (let at = mark + 1; at < text.length; at += 1) {
    const one = text[at];
    if (one === '\n') return true;
    if (one === quote) {
      if (text[at + 1] !== quote) return !['\t', '\r', '\n', undefined].includes(text[at + 1]);
      at += 1;
    }
  }
  return true;
};
