import type { Column, Table } from '../catalog.ts';
import { createTableDraft, type TableDraft, type ForeignKeyDraft, type KeyPart } from '../sql/table-draft.ts';
import type {
  RelationColumns,
  RelationForeignKeys,
  RelationIndexes,
  RelationTexts,
  TypedRelationColumns,
} from './relation-sets.ts';

/** The name and columns of a relation, which is all that a foreign key or a partition needs of the other table. */
export interface NamedRelation {
  readonly schema: string;
  readonly name: string;
  readonly columns?: RelationColumns | undefined;
  /** The attribute numbers of the readable columns, if the account cannot read all. */
  readable?: ReadonlySet<number> | undefined;
}

/** A relation of the catalog. Each access to one of its sets may parse it again. */
export interface Relation extends NamedRelation {
  readonly kind: Table['kind'];
  readonly rows: number | null;
  readonly size_bytes: number | null;
  readonly statistics_at: string | null;
  /** The oid of the partitioned table that it belongs to, or `0`. */
  readonly parent: string;
  /** The share of its columns that the account may read. */
  readonly access: 'all' | 'some' | 'none';
  readonly columns?: TypedRelationColumns | undefined;
  readonly defaults?: RelationTexts | undefined;
  readonly comments?: RelationTexts | undefined;
  readonly foreignKeys?: RelationForeignKeys | undefined;
  readonly indexes?: RelationIndexes | undefined;
  /** The attribute numbers of columns that are declared NOT NULL and may contain null nevertheless. */
  readonly uncheckedNotNull?: ReadonlySet<number> | undefined;
}

/** `findRelation` returns the relation that a foreign key or a partition references, by oid. */
export const unpackRelation = (
  relation: Relation,
  findRelation: (oid: string) => NamedRelation | undefined,
): TableDraft => {
  const { schema, name, kind, readable } = relation;
  const draft = createTableDraft(schema, name, kind);
  const parent = relation.parent === '0' ? undefined : findRelation(relation.parent);
  const comments = relation.comments;
  draft.comment = findTextAt(comments, 0);
  draft.rows = relation.rows;
  draft.size_bytes = relation.size_bytes;
  draft.statistics_at = relation.statistics_at;
  draft.parent = parent ? `${parent.schema}.${parent.name}` : null;
  draft.readable = readable;
  draft.expressions = readable === undefined; // an expression may name a column that the account may not see
  draft.columns = unpackColumns(relation, relation.defaults, comments);
  draft.foreignKeys = unpackForeignKeys(relation, findRelation);
  addPostgresqlIndexes(draft, relation);
  return draft;
};

const unpackColumns = (
  { columns, kind, uncheckedNotNull }: Relation,
  defaults: RelationTexts | undefined,
  comments: RelationTexts | undefined,
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
      default: findTextAt(defaults, position),
      generated: flag === 'n' || flag === 'N' ? null : toPostgresqlGenerated(flag),
      comment: findTextAt(comments, position),
      position,
    });
  }
  return unpacked;
};

const toPostgresqlGenerated = (flag: string) => {
  if (flag === 'I') return 'identity';
  return flag === 'S' || flag === 's' ? 'stored' : 'virtual';
};

const addPostgresqlIndexes = (draft: TableDraft, { indexes }: Relation) => {
  if (!indexes) return;
  const { names, keys, flags, expressions, predicates } = indexes;
  let used = 0;
  for (let i = 0; i < names.length; i++) {
    const parts = (keys[i] ?? '').split(' ').map((at): KeyPart => {
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

const unpackForeignKeys = (
  { foreignKeys }: Relation,
  findRelation: (oid: string) => NamedRelation | undefined,
): ForeignKeyDraft[] => {
  if (!foreignKeys) return [];
  const { names, targets, columns, references, flags } = foreignKeys;
  return names.map((name, i) => {
    const target = findRelation(targets[i] ?? '');
    const theirs = parseKeyPositions(references[i]).map((position) => target && findNameAt(target, position));
    const { schema, name: table } = target ?? { schema: '', name: '' };
    return {
      name,
      parts: parseKeyPositions(columns[i]),
      references: { schema, table, columns: theirs },
      valid: flags[i] === 'v',
    };
  });
};

const findTextAt = (set: RelationTexts | undefined, position: number) =>
  set === undefined ? null : (set.texts[set.positions.indexOf(position)] ?? null);

/** Parses the array of the columns of a key, which is never empty. */
const parseKeyPositions = (positions = '{}') => positions.slice(1, -1).split(',').map(Number);

/** Attribute numbers start at 1, without gaps unless a column was dropped. A negative number is a system column, whose name is not known. */
const findNameAt = ({ columns, readable }: NamedRelation, position: number): string | undefined => {
  if (!columns || (readable && !readable.has(position))) return undefined;
  const near =
    columns.positions[position - 1] === position ? position - 1 : columns.positions.indexOf(position);
  return columns.names[near];
};
