/**
 * Sentences of the core that have changed since the four other APIs were published: as they are now, and as those APIs say them. `{}` stands for
 * a value. A change of such a sentence changes its first column, or adds a row.
 */
export const publishedSentences: readonly (readonly [now: string, published: string])[] = [];
