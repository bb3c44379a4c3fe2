import type { Column } from '../catalog.ts';

/** Cuts the columns to what one table may have in the catalog: a file or schema of 1 MB can contain millions of columns. */
export const limitColumns = (
  columns: readonly Column[],
  limit = MAX_TABLE_COLUMNS,
): { readonly columns: readonly Column[]; readonly cut: boolean } => {
  let text = 0;
  for (const [at, { name, type, default: given, comment }] of columns.entries()) {
    text += name.length + type.length + (given?.length ?? 0) + (comment?.length ?? 0);
    if (at >= limit || text > MAX_COLUMN_TEXT_LENGTH) return { columns: columns.slice(0, at), cut: true };
  }
  return { columns, cut: false };
};

export const MAX_TABLE_COLUMNS = 30_000;
/** Characters. */
const MAX_COLUMN_TEXT_LENGTH = 2 ** 20;
