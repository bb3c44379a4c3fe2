import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import type { CatalogScope } from '../catalog.ts';
import { type BrokenView, readBrokenView } from './broken-views.ts';
import type { BatchStatement } from './run-transaction.ts';
import { buildPostgresqlCatalogQueries, buildFollowUpQueries } from './queries.ts';
import type { NamedRelation, Relation } from './relation.ts';
import { createRelations, type PostgresqlServer } from './relations.ts';
import { parseNumberArray, type PostgresqlRow, type RelationSetName } from './relation-sets.ts';
import { createPostgresqlTypes } from './types.ts';

/** The result of reading the catalog, before tables are built. */
export interface PostgresqlReading {
  readonly account: string;
  readonly schemas: ReadonlySet<string>;
  /** Schemas on which the account lacks USAGE. */
  readonly closed: ReadonlySet<string>;
  readonly relations: Relation[];
  readonly broken: readonly BrokenView[];
  /** Finds a relation by oid, also one outside the scope if a key or a partition references it. */
  readonly relationOf: (oid: string) => NamedRelation | undefined;
}

type RunStatements = (statements: readonly BatchStatement[]) => Promise<void>;

/** Returns `undefined` if a name contains the separator, because the rows are then ambiguous. */
export const readPostgresqlCatalog = async (
  client: Pick<Client, 'escapeLiteral'>,
  scope: CatalogScope,
  separator: string,
  run: RunStatements,
  spelled = true,
): Promise<PostgresqlReading | undefined> => {
  const literal = (text: string) => client.escapeLiteral(text);
  const sql = buildPostgresqlCatalogQueries(scope, separator, literal, spelled);
  const types = createPostgresqlTypes();
  const relations = createRelations(separator, types.resolveType);
  const schemas = new Map<string, string>();
  const closed = new Set<string>();
  const broken: BrokenView[] = [];
  const beyond = new Map<string, NamedRelation>();
  let server: PostgresqlServer = { account: '', blockSize: 0, version: 0 };
  let isAmbiguous = false;

  const createRowHandler = (set: RelationSetName) => (row: PostgresqlRow) => {
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
    { sql: sql.columns, row: createRowHandler('columns') },
    { sql: sql.defaults, row: createRowHandler('defaults') },
    { sql: sql.comments, row: createRowHandler('comments') },
    { sql: sql.foreignKeys, row: createRowHandler('foreignKeys') },
    { sql: sql.uncheckedNotNull, row: relations.addUncheckedNotNull },
    { sql: sql.indexes, row: createRowHandler('indexes') },
  ]);
  if (isAmbiguous) return undefined;

  const partial = relations.listPartlyReadable();
  const outside = relations.listOutside();
  if (types.unspelled.size + outside.size + partial.length > 0) {
    // The separator is random, because these few rows are not read again if a name contains it.
    const unlikely = `${separator}${randomUUID()}`;
    const left = buildFollowUpQueries(
      { types: types.unspelled.keys(), relations: outside, rights: partial },
      unlikely,
      literal,
    );
    await run([
      { sql: left.types, row: types.addSpelling },
      {
        sql: left.relations,
        row: ([oid = '', schema = '', name = '', names = '', positions = '']) => {
          const columns = { names: names.split(unlikely), positions: parseNumberArray(positions) };
          beyond.set(oid, { schema, name, columns });
        },
      },
      {
        sql: left.rights,
        row: ([oid = '', positions = '']) => {
          const relation = relations.find(oid);
          if (relation) relation.readable = new Set(parseNumberArray(positions));
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
