import { type Column, columnKinds } from './catalog.ts';

type ColumnKind = Column['kind'];

/** Creates a lookup from lines such as `string: 'char varchar'`: each type name of the source becomes a key. */
export const createKindTable = (
  lines: Readonly<Partial<Record<ColumnKind, string>>>,
  between = ' ',
): ReadonlyMap<string, ColumnKind> =>
  new Map(
    columnKinds.flatMap((kind) => (lines[kind]?.split(between) ?? []).map((name) => [name, kind] as const)),
  );
