/** Whether two values are the same JSON, whatever the order of their fields; what a store gives back may have other prototypes. */
export const same = (one: unknown, other: unknown): boolean => canonicalJson(one) === canonicalJson(other);

/** The same text for the same JSON, whatever the order of its fields. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
