import type { Budget } from '../../network/budget.ts';

/** How the rows of a text are divided. */
export interface Form {
  readonly delimiter: string;
  /** What encloses fields. */
  readonly quote: string;
}

interface Reader extends Form {
  /** Whether the text is all there is. */
  readonly whole: boolean;
  readonly budget: Budget;
  /** Called for each mark that encloses no field as a whole. */
  readonly stray?: () => void;
}

/**
 * Hands over row after row, each with where it ends, until one is refused; answers how far it came. RFC 4180; the last row of a part of a
 * file is not taken for a whole one. https://www.rfc-editor.org/rfc/rfc4180
 */
export const eachRow = (
  text: string,
  { delimiter, quote, whole, budget, stray }: Reader,
  take: (row: readonly string[], until: number) => boolean | void,
): number => {
  let row: string[] = [];
  let at = 0;
  /** Whether a mark was found that nothing closes: it encloses nothing then, and no later one is looked for. */
  let isOpen = false;
  const finish = (): boolean => {
    const isBlank = row.length === 1 && row[0] === '';
    const more = isBlank || take(row, at) !== false;
    row = [];
    return more;
  };
  while (at < text.length) {
    const from = at;
    let field: string;
    // Blanks behind a delimiter: the quotation mark is what the field begins with.
    let mark = at;
    while (text[mark] === ' ') mark += 1;
    const end = text[mark] === quote && !isOpen ? endOfQuoted(text, mark, { delimiter, quote }) : undefined;
    if (end === 'nowhere' && !whole) return text.length;
    if (end === 'nowhere') {
      isOpen = true;
      stray?.();
    }
    if (typeof end === 'number') {
      field = text.slice(mark + 1, end).replaceAll(quote + quote, quote);
      at = end + 1;
      const rest = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n') at += 1;
      const behind = text.slice(rest, at).trimEnd(); // of a mark within the field that is not doubled
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

/** Where the mark is that closes a field; nothing where the one that begins it is a part of it. */
const endOfQuoted = (
  text: string,
  mark: number,
  { delimiter, quote }: Form,
): number | 'nowhere' | undefined => {
  if (delimiter === '\t' && isLoose(text, mark, quote)) return undefined;
  for (let end = mark + 1; ; end += 2) {
    end = text.indexOf(quote, end);
    if (end < 0) return 'nowhere';
    if (text[end + 1] !== quote) return end;
  }
};

/** Whether a mark of a text with tabs is a part of its field: inches, or a quotation that goes on. Programs that write tabs seldom quote. */
const isLoose = (text: string, mark: number, quote: string): boolean => {
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
