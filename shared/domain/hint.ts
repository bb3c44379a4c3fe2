/** A comment as it stands beside a suggestion: 256 characters at most; the whole is in the catalog. */
export const hint = (comment: string | null): string | null =>
  comment === null || comment.length <= 256
    ? comment
    : `${comment.slice(0, 255).replace(/[\uD800-\uDBFF]$/, '')}…`;
