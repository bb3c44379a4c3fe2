import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import type { Scope } from '../catalog.ts';
import { type BrokenView, readBrokenView } from './broken-views.ts';
import type { Statement } from './flight.ts';
import { catalogQueries, leftQueries } from './queries.ts';
import type { Named, Relation } from './relation.ts';
import { createRelations, type Server } from './relations.ts';
import { numbers, type Row, type SetName } from './sets.ts';
import { createTypes } from './types.ts';

/** The result of reading the catalog, before tables are built. */
export interface Reading {
  readonly account: string;
  readonly schemas: ReadonlySet<string>;
  /** Schemas on which the account lacks USAGE. */
  readonly closed: ReadonlySet<string>;
  readonly relations: Relation[];
  readonly broken: readonly BrokenView[];
  /** Finds a relation by oid, also one outside the scope if a key or a partition references it. */
  readonly relationOf: (oid: string) => Named | undefined;
}

type Run = (statements: readonly Statement[]) => Promise<void>;

/** Returns `undefined` if a name contains the separator, because the rows are then ambiguous. */
export const read = async (
  client: Pick<Client, 'escapeLiteral'>,
  scope: Scope,
  separator: string,
  run: Run,
  spelled = true,
): Promise<Reading | undefined> => {
  const literal = (text: string) => client.escapeLiteral(text);
  const sql = catalogQueries(scope, separator, literal, spelled);
  const types = createTypes();
  const relations = createRelations(separator, types.typeOf);
  const schemas = new Map<string, string>();
  const closed = new Set<string>();
  const broken: BrokenView[] = [];
  const beyond = new Map<string, Named>();
  let server: Server = { account: '', blockSize: 0, version: 0 };
  let isAmbiguous = false;

  const into = (set: SetName) => (row: Row) => {
    if (!relations.keep(set, row)) isAmbiguous = true;
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
    { sql: sql.relations, row: (row) => relations.add(row, schemas, server) },
    { sql: sql.brokenViews, row: (row) => void broken.push(readBrokenView(row)) },
    { sql: sql.columns, row: into('columns') },
    { sql: sql.defaults, row: into('defaults') },
    { sql: sql.comments, row: into('comments') },
    { sql: sql.foreignKeys, row: into('foreignKeys') },
    { sql: sql.uncheckedNotNull, row: relations.addUncheckedNotNull },
    { sql: sql.indexes, row: into('indexes') },
  ]);
  if (isAmbiguous) return undefined;

  const partial = relations.listPartlyReadable();
  const outside = relations.listOutside();
  if (types.unspelled.size + outside.size + partial.length > 0) {
    // The separator is random, because these few rows are not read again if a name contains it.
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
          const relation = relations.find(oid);
          if (relation) relation.readable = new Set(numbers(positions));
        },
      },
    ]);
  }
  return {
    account: server.account,
    schemas: new Set(schemas.values()),
    closed,
    relations: relations.list(),
    broken,
    relationOf: (oid) => relations.find(oid) ?? beyond.get(oid),
  };
};
