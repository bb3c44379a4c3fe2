import { fenced, jsonExamples, seed } from '../../seeds/read.ts';

type Fields = Readonly<Record<string, string>>;

/** One endpoint of the document, with the text below its heading. */
export interface Section {
  /** `GET /api/v1/…`, with the path parameters in braces. */
  readonly request: string;
  readonly examples: readonly unknown[];
  /** The rows of its tables, keyed by column heading. Names and types have no backticks. */
  readonly rows: readonly Fields[];
  readonly text: string;
}

const text = seed('002-profiles');

const cellsOf = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('`', ''));

const rowsOf = (part: string): readonly Fields[] =>
  [...part.matchAll(/(?:^\|.*\n)+/gm)].flatMap(([table]) => {
    const [head = '', , ...lines] = table.trim().split('\n');
    const names = cellsOf(head);
    return lines.map((line) =>
      Object.fromEntries(cellsOf(line).map((cell, at) => [names[at]?.toLowerCase() ?? '', cell])),
    );
  });

export const sections: ReadonlyMap<string, Section> = new Map(
  text
    .split(/^### /m)
    .slice(1)
    .map((part) => [
      part.slice(0, part.indexOf('\n')),
      {
        request: fenced(part, 'http')[0]?.trim() ?? '',
        examples: jsonExamples(part),
        rows: rowsOf(part),
        text: part,
      },
    ]),
);

export const section = (title: string): Section => {
  const found = sections.get(title);
  if (!found) throw new Error(`The document has no ${title}`);
  return found;
};
