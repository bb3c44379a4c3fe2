import type { Sink, Table } from '../catalog.ts';

/** Folds some at a time, in their order, and waits until they are taken. */
export const handOn = async <D>(
  drafts: readonly D[],
  fold: (draft: D) => Table,
  sink: Sink,
  { from = 0, to = drafts.length }: { readonly from?: number; readonly to?: number } = {},
): Promise<void> => {
  for (let at = from; at < to; at += atOnce) {
    await sink(drafts.slice(at, Math.min(at + atOnce, to)).map((draft) => fold(draft)));
  }
};

export const atOnce = 200;
