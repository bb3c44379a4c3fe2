/** How a mark is written between two such marks: twice, or after a backslash, which is then escaped in the same way. */
type MarkEscape = 'double' | 'backslash';

export interface QuoterOptions {
  /** The quotation mark around names. `[` ends with `]`. */
  readonly mark: '"' | '`' | '[';
  /** Names that need no quotation marks unless they are reserved. */
  readonly bare: RegExp;
  /** Reserved words, separated by white space, in any case. */
  readonly reserved?: string;
  /** Default: `double`. */
  readonly escape?: MarkEscape;
  /** For literals. Default: as for names. */
  readonly textEscape?: MarkEscape;
}

/** Creates the functions that write names and texts into the statements of one engine. */
export const createQuoter = ({
  mark,
  bare,
  reserved = '',
  escape = 'double',
  textEscape = escape,
}: QuoterOptions) => {
  const words = new Set(reserved.toLowerCase().split(/\s+/));
  const end = mark === '[' ? ']' : mark;
  const quote = (name: string) => `${mark}${escapeMarks(name, end, escape)}${end}`;
  return {
    /** Quotes a name only if the engine requires it. */
    quoteName: (name: string): string =>
      bare.test(name) && !words.has(name.toLowerCase()) ? name : quote(name),
    /** Quotes each part of a qualified name, required or not. */
    quotePath: (...names: readonly string[]): string => names.map(quote).join('.'),
    /** Quotes a text as a literal. */
    quoteText: (text: string): string => `'${escapeMarks(text, "'", textEscape)}'`,
  };
};

const escapeMarks = (text: string, mark: string, escape: MarkEscape): string =>
  escape === 'double'
    ? text.replaceAll(mark, mark + mark)
    : text.replaceAll('\\', '\\\\').replaceAll(mark, `\\${mark}`);

export type Quoter = ReturnType<typeof createQuoter>;
