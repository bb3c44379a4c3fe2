import type { Column } from './catalog.ts';

/** Cuts the columns to what one table may have in the catalog: a file or schema of 1 MB can contain millions of columns. */
export const boundColumns = (
  columns: readonly Column[],
  most = mostColumns,
): { readonly columns: readonly Column[]; readonly cut: boolean } => {
  let text = 0;
  for (const [at, { name, type, default: given, comment }] of columns.entries()) {
    text += name.length + type.length + (given?.length ?? 0) + (comment?.length ?? 0);
    if (at >= most || text > mostText) return { columns: columns.slice(0, at), cut: true };
  }
  return { columns, cut: false };
};

export const mostColumns = 30_000;
/** Characters. */
const mostText = 2 ** 20;
