import type { Column, ForeignKey, Index, Table } from '../catalog.ts';
import type { Columns, ForeignKeys, Indexes, Texts, TypedColumns } from './sets.ts';

/** A relation by its name and columns, which is all that a foreign key or a partition needs of another. */
export interface Named {
  readonly schema: string;
  readonly name: string;
  readonly columns?: Columns | undefined;
}

/** What is known of a relation while its sets arrive, as compact as they came. */
export interface Draft extends Named {
  readonly kind: Table['kind'];
  readonly rows: number | null;
  readonly size_bytes: number | null;
  /** The oid of the table that it is a part of; `0` where it is none. */
  readonly parent: string;
  /** How many of its columns the account may read. */
  readonly access: 'all' | 'some' | 'none';
  /** Which, by attribute number, where it is some. */
  readable?: ReadonlySet<number>;
  columns?: TypedColumns | undefined;
  defaults?: Texts | undefined;
  comments?: Texts | undefined;
  foreignKeys?: ForeignKeys | undefined;
  indexes?: Indexes | undefined;
}

/** `relationOf` answers what a foreign key or a partition points to, by oid. A key with a column out of sight is left out whole. */
export const fold = (draft: Draft, relationOf: (oid: string) => Named | undefined): Table => {
  const parent = draft.parent === '0' ? undefined : relationOf(draft.parent);
  const { primary, indexes } = indexesOf(draft);
  return {
    schema: draft.schema,
    name: draft.name,
    kind: draft.kind,
    comment: textAt(draft.comments, 0),
    rows: draft.rows,
    size_bytes: draft.size_bytes,
    parent: parent ? `${parent.schema}.${parent.name}` : null,
    columns: columnsOf(draft),
    primary_key: primary,
    foreign_keys: foreignKeysOf(draft, relationOf),
    indexes,
  };
};

const columnsOf = ({ columns, readable, defaults, comments }: Draft): Column[] => {
  if (!columns) return [];
  const { names, positions, types, flags } = columns;
  const folded: Column[] = [];
  for (let i = 0; i < names.length; i++) {
    const [name, position, type, flag = 'n'] = [names[i], positions[i], types[i], flags[i]];
    if (name === undefined || position === undefined || type === undefined) continue;
    if (readable && !readable.has(position)) continue;
    folded.push({
      name,
      type: type.type,
      kind: type.kind,
      nullable: flag > 'Z' && !type.required,
      default: textAt(defaults, position),
      generated: flag === 'n' || flag === 'N' ? null : generatedBy(flag),
      comment: textAt(comments, position),
      position,
    });
  }
  return folded;
};

const generatedBy = (flag: string) =>
  flag === 'I' ? 'identity' : flag === 'S' || flag === 's' ? 'stored' : 'virtual';

const indexesOf = (draft: Draft) => {
  const folded: { primary: string[]; indexes: Index[] } = { primary: [], indexes: [] };
  if (!draft.indexes) return folded;
  const { names, keys, flags, expressions } = draft.indexes;
  // One may name any column.
  const expression = (at: number) => (draft.readable ? undefined : expressions[at]);
  let used = 0;
  for (let i = 0; i < names.length; i++) {
    const columns = (keys[i] ?? '')
      .split(' ')
      .map((at) => (at === '0' ? expression(used++) : nameAt(draft, +at)));
    if (!columns.every((name) => name !== undefined)) continue;
    if (flags[i] === 'p') folded.primary = columns;
    folded.indexes.push({ name: names[i] ?? '', columns, unique: flags[i] !== 'n' });
  }
  folded.indexes.sort(byName);
  return folded;
};

const foreignKeysOf = (draft: Draft, relationOf: (oid: string) => Named | undefined): ForeignKey[] => {
  if (!draft.foreignKeys) return [];
  const { names, targets, columns, references } = draft.foreignKeys;
  return names
    .flatMap((name, i) => {
      const target = relationOf(targets[i] ?? '');
      const ours = namesAt(draft, columns[i]);
      const theirs = target && namesAt(target, references[i]);
      return ours && theirs
        ? [
            {
              name,
              columns: ours,
              references: { schema: target.schema, table: target.name, columns: theirs },
            },
          ]
        : [];
    })
    .sort(byName);
};

/** So that two readings of the same catalog are the same, whatever order the server keeps. */
const byName = (a: { readonly name: string }, b: { readonly name: string }) =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

const textAt = (set: Texts | undefined, position: number) =>
  set === undefined ? null : (set.texts[set.positions.indexOf(position)] ?? null);

const namesAt = (relation: Named, positions = '{}'): string[] | undefined => {
  const names = positions
    .slice(1, -1)
    .split(',')
    .map((position) => nameAt(relation, Number(position)));
  return names.every((name) => name !== undefined) ? names : undefined;
};

/** Attribute numbers run from 1, without gaps unless a column was dropped. A negative one is a system column, which has no name here. */
const nameAt = (
  { columns, readable }: Named & Pick<Draft, 'readable'>,
  position: number,
): string | undefined => {
  if (!columns || (readable && !readable.has(position))) return undefined;
  const near =
    columns.positions[position - 1] === position ? position - 1 : columns.positions.indexOf(position);
  return columns.names[near];
};
