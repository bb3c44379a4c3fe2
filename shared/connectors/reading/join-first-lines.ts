/** Begins a comment on one line: in SQL, in JavaScript and in a shell. */
export type CommentMark = '--' | '//' | '#';

/** The maximum number of lines in a remediation. */
const MAX_LISTED_LINES = 20;

/** Joins the first lines of a list. A comment counts the others, so that the text remains executable. */
export const joinFirstLines = (
  lines: readonly string[],
  between = '\n',
  comment: CommentMark = '--',
): string => {
  const rest = lines.length - MAX_LISTED_LINES;
  const note = rest > 0 ? [`${comment} and ${rest} more`] : [];
  return [...lines.slice(0, MAX_LISTED_LINES), ...note].join(between);
};
