import { cutText } from '../../characters.ts';

/** Shortens a comment for a suggestion. The catalog has the whole comment. */
export const truncateComment = (comment: string | null): string | null =>
  comment === null ? null : cutText(comment, 256);
