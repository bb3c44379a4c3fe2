interface Place {
  readonly schema: string;
  readonly name: string;
}

/** The order in which a sink takes tables: by schema, then name, both by their UTF-8 bytes. */
export const byPlace = (a: Place, b: Place): number => byBytes(a.schema, b.schema) || byBytes(a.name, b.name);

/** UTF-8 bytes sort as code points do; of UTF-16's units only the surrogates stand elsewhere. */
export const byBytes = (a: string, b: string): number => {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
};

const rank = (unit: number) => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);
