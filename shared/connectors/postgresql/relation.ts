import type { Column, Table } from '../catalog.ts';
import { draftOf, type Draft, type ForeignKeyDraft, type Part } from '../sql/draft.ts';
import type { Columns, ForeignKeys, Indexes, Texts, TypedColumns } from './sets.ts';

/** The name and columns of a relation, which is all that a foreign key or a partition needs of the other table. */
export interface Named {
  readonly schema: string;
  readonly name: string;
  readonly columns?: Columns | undefined;
  /** The attribute numbers of the readable columns, if the account cannot read all. */
  readable?: ReadonlySet<number> | undefined;
}

/** A relation of the catalog. Each access to one of its sets may parse it again. */
export interface Relation extends Named {
  readonly kind: Table['kind'];
  readonly rows: number | null;
  readonly size_bytes: number | null;
  readonly statistics_at: string | null;
  /** The oid of the partitioned table that it belongs to, or `0`. */
  readonly parent: string;
  /** The share of its columns that the account may read. */
  readonly access: 'all' | 'some' | 'none';
  readonly columns?: TypedColumns | undefined;
  readonly defaults?: Texts | undefined;
  readonly comments?: Texts | undefined;
  readonly foreignKeys?: ForeignKeys | undefined;
  readonly indexes?: Indexes | undefined;
  /** The attribute numbers of columns that are declared NOT NULL and may contain null nevertheless. */
  readonly uncheckedNotNull?: ReadonlySet<number> | undefined;
}

/** `findRelation` returns the relation that a foreign key or a partition references, by oid. */
export const unpack = (relation: Relation, relationOf: (oid: string) => Named | undefined): Draft => {
  const { schema, name, kind, readable } = relation;
  const draft = draftOf(schema, name, kind);
  const parent = relation.parent === '0' ? undefined : relationOf(relation.parent);
  const comments = relation.comments;
  draft.comment = textAt(comments, 0);
  draft.rows = relation.rows;
  draft.size_bytes = relation.size_bytes;
  draft.statistics_at = relation.statistics_at;
  draft.parent = parent ? `${parent.schema}.${parent.name}` : null;
  draft.readable = readable;
  draft.expressions = readable === undefined; // an expression may name a column that the account may not see
  draft.columns = columnsOf(relation, relation.defaults, comments);
  draft.foreignKeys = foreignKeysOf(relation, relationOf);
  addIndexes(draft, relation);
  return draft;
};

const columnsOf = (
  { columns, kind, uncheckedNotNull }: Relation,
  defaults: Texts | undefined,
  comments: Texts | undefined,
): Column[] => {
  if (!columns) return [];
  const { names, positions, types, flags } = columns;
  // An outer join in a view can produce nulls even if the domain forbids them.
  const isJoined = kind === 'view' || kind === 'materialized_view';
  const unpacked: Column[] = [];
  for (let i = 0; i < names.length; i++) {
    const [name, position, type, flag = 'n'] = [names[i], positions[i], types[i], flags[i]];
    if (name === undefined || position === undefined || type === undefined) continue;
    unpacked.push({
      name,
      type: type.type,
      kind: type.kind,
      nullable: (flag > 'Z' && (isJoined || !type.required)) || uncheckedNotNull?.has(position) === true,
      default: textAt(defaults, position),
      generated: flag === 'n' || flag === 'N' ? null : generatedBy(flag),
      comment: textAt(comments, position),
      position,
    });
  }
  return unpacked;
};

const generatedBy = (flag: string) => {
  if (flag === 'I') return 'identity';
  return flag === 'S' || flag === 's' ? 'stored' : 'virtual';
};

const addIndexes = (draft: Draft, { indexes }: Relation) => {
  if (!indexes) return;
  const { names, keys, flags, expressions, predicates } = indexes;
  let used = 0;
  for (let i = 0; i < names.length; i++) {
    const parts = (keys[i] ?? '').split(' ').map((at): Part => {
      if (at !== '0') return +at;
      return draft.expressions ? expressions[used++] : undefined;
    });
    const flag = flags[i] ?? 'N';
    const predicate = predicates[i] || null;
    if (/p/i.test(flag)) draft.primaryKey = parts;
    draft.indexes.push({
      name: names[i] ?? '',
      parts,
      unique: !/n/i.test(flag),
      predicate,
      valid: flag < 'a',
    });
  }
};

const foreignKeysOf = (
  { foreignKeys }: Relation,
  relationOf: (oid: string) => Named | undefined,
): ForeignKeyDraft[] => {
  if (!foreignKeys) return [];
  const { names, targets, columns, references, flags } = foreignKeys;
  return names.map((name, i) => {
    const target = relationOf(targets[i] ?? '');
    const theirs = numbers(references[i]).map((position) => target && nameAt(target, position));
    const { schema, name: table } = target ?? { schema: '', name: '' };
    return {
      name,
      parts: numbers(columns[i]),
      references: { schema, table, columns: theirs },
      valid: flags[i] === 'v',
    };
  });
};

const textAt = (set: Texts | undefined, position: number) =>
  set === undefined ? null : (set.texts[set.positions.indexOf(position)] ?? null);

/** Parses the array of the columns of a key, which is never empty. */
const numbers = (positions = '{}') => positions.slice(1, -1).split(',').map(Number);

/** Attribute numbers start at 1, without gaps unless a column was dropped. A negative number is a system column, whose name is not known. */
const nameAt = ({ columns, readable }: Named, position: number): string | undefined => {
  if (!columns || (readable && !readable.has(position))) return undefined;
  const near =
    columns.positions[position - 1] === position ? position - 1 : columns.positions.indexOf(position);
  return columns.names[near];
};
