import type { Table } from '../catalog.ts';
import { createPackedRows, type PackedRows } from '../sql/packed-rows.ts';
import type { Relation } from './relation.ts';
import {
  parseArrayMembers,
  parseNumberArray,
  createSetReaders,
  type PostgresqlRow,
  type RelationSetName,
  type PostgresqlType,
} from './relation-sets.ts';

export interface PostgresqlServer {
  readonly account: string;
  readonly blockSize: number;
  readonly version: number;
}

/** Collects the relations of a catalog while their rows arrive. The row of a set stays packed until its first use. */
export const createRelations = (separator: string, resolveType: (key: string) => PostgresqlType) => {
  const rows = createPackedRows();
  const sets = createSetReaders(separator, resolveType);
  const relations = new Map<string, PackedRelation>();
  /** The oids that foreign keys and partitions reference. */
  const referenced = new Set<string>();

  return {
    add: (row: PostgresqlRow, schemas: ReadonlyMap<string, string>, server: PostgresqlServer): void => {
      const [oid = '', , , , , , , parent = '0'] = row;
      relations.set(oid, new PackedRelation(row, schemas, server, { rows, sets }));
      if (parent !== '0') referenced.add(parent);
    },

    /** Returns false if the texts of the row are ambiguous. Drops a row of an unknown relation. */
    keep: (set: RelationSetName, row: PostgresqlRow): boolean => {
      const relation = relations.get(row[0] ?? '');
      if (!relation) return true;
      if (!sets.isWhole[set](row)) return false;
      relation.packed[set] = rows.pack(row);
      // Resolves the types now, so that the second batch can request those that only the server can render.
      if (set === 'columns') for (const key of parseArrayMembers(row[3] ?? '')) resolveType(key);
      if (set === 'foreignKeys') for (const oid of parseArrayMembers(row[2] ?? '')) referenced.add(oid);
      return true;
    },

    addUncheckedNotNull: ([oid = '', positions = '']: PostgresqlRow): void => {
      const relation = relations.get(oid);
      if (!relation) return;
      relation.uncheckedNotNull = new Set([
        ...(relation.uncheckedNotNull ?? []),
        ...parseNumberArray(positions),
      ]);
    },

    find: (oid: string): Relation | undefined => relations.get(oid),
    list: (): Relation[] => [...relations.values()],
    /** The oids of relations of which the account may read only some columns. */
    listPartlyReadable: (): string[] =>
      [...relations].filter(([, { access }]) => access === 'some').map(([oid]) => oid),
    /** The oids that are referenced and are not in scope. */
    listOutside: (): ReadonlySet<string> => new Set([...referenced].filter((oid) => !relations.has(oid))),
  };
};

class PackedRelation implements Relation {
  readonly schema: string;
  readonly name: string;
  readonly kind: Relation['kind'];
  readonly rows: number | null;
  readonly size_bytes: number | null;
  readonly statistics_at: string | null;
  readonly parent: string;
  readonly access: Relation['access'];
  readable: ReadonlySet<number> | undefined;
  uncheckedNotNull: ReadonlySet<number> | undefined;
  readonly packed: { [S in RelationSetName]?: number } = {};
  readonly #source: PackedRelationSource;

  constructor(
    row: PostgresqlRow,
    schemas: ReadonlyMap<string, string>,
    { blockSize, version }: PostgresqlServer,
    source: PackedRelationSource,
  ) {
    const [, schema = '', name = '', relkind = '', partitioned, rows = '', pages = '', ...more] = row;
    const [parent = '0', access, allPages = '', statisticsAt = ''] = more;
    const isStored = partitioned === 'f' && storedRelationKinds.has(relkind);
    const isCounted = relkind !== 'v' && isRowCountKnown(Number(rows), Number(pages), version);
    this.schema = schemas.get(schema) ?? '';
    this.name = name;
    this.kind = postgresqlTableKinds.get(relkind) ?? 'table';
    this.rows = isCounted ? Number(rows) : null;
    this.size_bytes = isCounted && isStored ? Number(allPages) * blockSize : null;
    this.statistics_at = isCounted && statisticsAt !== '' ? statisticsAt : null;
    this.parent = parent;
    this.access = access === 'all' || access === 'some' ? access : 'none';
    this.readable = access === 'some' ? new Set() : undefined; // the second batch fills it
    this.#source = source;
  }

  get columns() {
    return this.#read('columns', this.#source.sets.columns);
  }

  get defaults() {
    return this.#read('defaults', this.#source.sets.texts);
  }

  get comments() {
    return this.#read('comments', this.#source.sets.texts);
  }

  get foreignKeys() {
    return this.#read('foreignKeys', this.#source.sets.foreignKeys);
  }

  get indexes() {
    return this.#read('indexes', this.#source.sets.indexes);
  }

  #read<T>(set: RelationSetName, parse: (row: PostgresqlRow) => T): T | undefined {
    const at = this.packed[set];
    return at === undefined ? undefined : parse(this.#source.rows.unpack(at));
  }
}

interface PackedRelationSource {
  readonly rows: PackedRows;
  readonly sets: ReturnType<typeof createSetReaders>;
}

/** Since version 14, −1 means that the rows were never counted. Before, such a table looks like an empty one. */
const isRowCountKnown = (rows: number, pages: number, version: number) =>
  rows > 0 || (rows === 0 && (version >= 140_000 || pages > 0));

/** By pg_class.relkind, with `P` for every partition: https://www.postgresql.org/docs/current/catalog-pg-class.html */
const postgresqlTableKinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['r', 'table'],
  ['p', 'table'],
  ['P', 'partition'],
  ['v', 'view'],
  ['m', 'materialized_view'],
  ['f', 'foreign_table'],
]);

const storedRelationKinds: ReadonlySet<string> = new Set(['r', 'm', 'P']);
