import { type Column, columnKinds } from './catalog.ts';

type Kind = Column['kind'];

/** One line a kind, `string: 'char varchar'`: to be looked up by each name that a source has for its types. */
export const kindTable = (
  lines: Readonly<Partial<Record<Kind, string>>>,
  between = ' ',
): ReadonlyMap<string, Kind> =>
  new Map(
    columnKinds.flatMap((kind) => (lines[kind]?.split(between) ?? []).map((name) => [name, kind] as const)),
  );
