interface QualifiedName {
  readonly schema: string;
  readonly name: string;
}

/** The order of tables for a sink: by schema, then name, both by their UTF-8 bytes. */
export const compareQualifiedNames = (a: QualifiedName, b: QualifiedName): number =>
  compareUtf8(a.schema, b.schema) || compareUtf8(a.name, b.name);

/** UTF-8 bytes sort like code points. UTF-16 units sort differently only for surrogates. */
export const compareUtf8 = (a: string, b: string): number => {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rankCodeUnit(x) - rankCodeUnit(y);
  }
  return a.length - b.length;
};

const rankCodeUnit = (unit: number) => {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
};
