import { type Column, columnKinds } from './catalog.ts';

type Kind = Column['kind'];

/** Creates a lookup from lines such as `string: 'char varchar'`: each type name of the source becomes a key. */
export const kindTable = (
  lines: Readonly<Partial<Record<Kind, string>>>,
  between = ' ',
): ReadonlyMap<string, Kind> =>
  new Map(
    columnKinds.flatMap((kind) => (lines[kind]?.split(between) ?? []).map((name) => [name, kind] as const)),
  );
