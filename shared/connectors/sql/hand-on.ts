import type { Sink, Table } from '../catalog.ts';
import { refuseSameName } from './fold.ts';

/** Builds the tables in batches, in order, and awaits the sink after each batch. Throws if two drafts have the same name. */
export const handOn = async <D extends Named>(
  drafts: readonly D[],
  fold: (draft: D) => Table,
  sink: Sink,
  { from = 0, to = drafts.length }: { readonly from?: number; readonly to?: number } = {},
): Promise<void> => {
  for (let at = from; at < to; at += atOnce) {
    const some = drafts.slice(at, Math.min(at + atOnce, to));
    refuseTwice(some, drafts[at - 1]);
    await sink(some.map((draft) => fold(draft)));
  }
};

interface Named {
  readonly schema: string;
  readonly name: string;
}

/** The drafts are sorted, so equal names are adjacent. */
const refuseTwice = (drafts: readonly Named[], before: Named | undefined): void => {
  for (const draft of drafts) {
    if (before?.name === draft.name && before.schema === draft.schema) throw refuseSameName();
    before = draft;
  }
};

export const atOnce = 200;
