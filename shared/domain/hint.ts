import { cutText } from '../characters.ts';

/** Shortens a comment for a suggestion. The catalog has the whole comment. */
export const hint = (comment: string | null): string | null =>
  comment === null ? null : cutText(comment, 256);
