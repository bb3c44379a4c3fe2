import type { TableSink, Table } from '../catalog.ts';
import { createSameNameProblem } from './build-table.ts';

/** Builds the tables in batches, in order, and awaits the sink after each batch. Throws if two drafts have the same name. */
export const emitInBatches = async <D extends SchemaAndName>(
  drafts: readonly D[],
  build: (draft: D) => Table,
  sink: TableSink,
  { from = 0, to = drafts.length }: { readonly from?: number; readonly to?: number } = {},
): Promise<void> => {
  for (let at = from; at < to; at += TABLES_PER_BATCH) {
    const some = drafts.slice(at, Math.min(at + TABLES_PER_BATCH, to));
    checkDistinctTables(some, drafts[at - 1]);
    await sink(some.map((draft) => build(draft)));
  }
};

interface SchemaAndName {
  readonly schema: string;
  readonly name: string;
}

/** The drafts are sorted, so equal names are adjacent. */
const checkDistinctTables = (drafts: readonly SchemaAndName[], before: SchemaAndName | undefined): void => {
  for (const draft of drafts) {
    if (before?.name === draft.name && before.schema === draft.schema) throw createSameNameProblem();
    before = draft;
  }
};

export const TABLES_PER_BATCH = 200;
