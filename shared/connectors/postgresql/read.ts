import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import type { Scope, Table } from '../catalog.ts';
import type { Statement } from './flight.ts';
import { catalogQueries, leftQueries } from './queries.ts';
import type { Named, Relation } from './relation.ts';
import { numbers, readSets } from './sets.ts';
import { createTypes } from './types.ts';

/** All that was found, not folded yet. */
export interface Reading {
  readonly account: string;
  readonly schemas: ReadonlySet<string>;
  /** Schemas that the account may not look into. */
  readonly closed: ReadonlySet<string>;
  readonly relations: Relation[];
  /** By oid; those beyond the scope too, where a key or a partition points there. */
  readonly relationOf: (oid: string) => Named | undefined;
}

type Run = (statements: readonly Statement[]) => Promise<void>;

/** Answers `undefined` where a name holds the separator: then nothing of it can be trusted. */
export const read = async (
  client: Pick<Client, 'escapeLiteral'>,
  scope: Scope,
  separator: string,
  run: Run,
): Promise<Reading | undefined> => {
  const literal = (text: string) => client.escapeLiteral(text);
  const sql = catalogQueries(scope, separator, literal);
  const types = createTypes();
  const sets = readSets(separator, types.typeOf);
  const schemas = new Map<string, string>();
  const closed = new Set<string>();
  const relations = new Map<string, Relation>();
  const beyond = new Map<string, Named>();
  let server: Server = { account: '', blockSize: 0, version: 0 };
  let ambiguous = false;

  const into =
    <S extends keyof Sets>(set: S, parse: (row: Row) => Relation[S]) =>
    (row: Row) => {
      const relation = relations.get(row[0] ?? '');
      if (relation) ambiguous ||= (relation[set] = parse(row)) === undefined;
    };
  await run([
    {
      sql: sql.server,
      row: ([account = '', block, version]) =>
        (server = { account, blockSize: Number(block), version: Number(version) }),
    },
    {
      sql: sql.schemas,
      row: ([oid = '', name = '', open]) => {
        schemas.set(oid, name);
        if (open === 'f') closed.add(name);
      },
    },
    { sql: sql.types, row: types.add },
    { sql: sql.relations, row: (row) => relations.set(row[0] ?? '', relationIn(row, schemas, server)) },
    { sql: sql.columns, row: into('columns', sets.columns) },
    { sql: sql.defaults, row: into('defaults', sets.texts) },
    { sql: sql.comments, row: into('comments', sets.texts) },
    { sql: sql.foreignKeys, row: into('foreignKeys', sets.foreignKeys) },
    { sql: sql.indexes, row: into('indexes', sets.indexes) },
  ]);
  if (ambiguous) return undefined;

  const partial = [...relations].filter(([, { access }]) => access === 'some').map(([oid]) => oid);
  const pointed = [...relations.values()].flatMap(({ foreignKeys, parent }) => [
    ...(foreignKeys?.targets ?? []),
    parent,
  ]);
  const outside = new Set(pointed.filter((oid) => oid !== '0' && !relations.has(oid)));
  if (types.unspelled.size + outside.size + partial.length > 0) {
    // There is no third try for these few rows.
    const unlikely = `${separator}${randomUUID()}`;
    const left = leftQueries(
      { types: types.unspelled.keys(), relations: outside, rights: partial },
      unlikely,
      literal,
    );
    await run([
      { sql: left.types, row: types.settle },
      {
        sql: left.relations,
        row: ([oid = '', schema = '', name = '', names = '', positions = '']) => {
          const columns = { names: names.split(unlikely), positions: numbers(positions) };
          beyond.set(oid, { schema, name, columns });
        },
      },
      {
        sql: left.rights,
        row: ([oid = '', positions = '']) => {
          const relation = relations.get(oid);
          if (relation) relation.readable = new Set(numbers(positions));
        },
      },
    ]);
  }
  return {
    account: server.account,
    schemas: new Set(schemas.values()),
    closed,
    relations: [...relations.values()],
    relationOf: (oid) => relations.get(oid) ?? beyond.get(oid),
  };
};

type Row = readonly string[];
type Sets = Pick<Relation, 'columns' | 'defaults' | 'comments' | 'foreignKeys' | 'indexes'>;

interface Server {
  readonly account: string;
  readonly blockSize: number;
  readonly version: number;
}

const relationIn = (
  [, schema = '', name = '', relkind = '', partitioned, rows = '', pages = '', parent = '0', access]: Row,
  schemas: ReadonlyMap<string, string>,
  { blockSize, version }: Server,
): Relation => {
  const stored = partitioned === 'f' && storedKinds.has(relkind);
  const counted = relkind !== 'v' && isKnown(Number(rows), Number(pages), version);
  return {
    schema: schemas.get(schema) ?? '',
    name,
    kind: kinds.get(relkind) ?? 'table',
    rows: counted ? Number(rows) : null,
    size_bytes: counted && stored ? Number(pages) * blockSize : null,
    parent,
    access: access === 'all' || access === 'some' ? access : 'none',
    ...(access === 'some' && { readable: new Set<number>() }), // until the second flight says which
  };
};

/** Never counted is −1 since 14; before, nothing told it from a table that is empty. */
const isKnown = (rows: number, pages: number, version: number) =>
  rows > 0 || (rows === 0 && (version >= 140_000 || pages > 0));

/** pg_class.relkind, but `P` for whatever is a partition: https://www.postgresql.org/docs/current/catalog-pg-class.html */
const kinds: ReadonlyMap<string, Table['kind']> = new Map([
  ['r', 'table'],
  ['p', 'table'],
  ['P', 'partition'],
  ['v', 'view'],
  ['m', 'materialized_view'],
  ['f', 'foreign_table'],
]);

const storedKinds: ReadonlySet<string> = new Set(['r', 'm', 'P']);
