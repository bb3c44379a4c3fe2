import { cutText } from '../characters.ts';

/** A comment as it stands beside a suggestion: 256 characters at most; the whole is in the catalog. */
export const hint = (comment: string | null): string | null =>
  comment === null ? null : cutText(comment, 256);
