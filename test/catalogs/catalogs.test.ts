import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type { Table } from '../../shared/connectors/catalog.ts';
import { onEngine } from '../engines/reach.ts';
import { listDifferences } from './differences.ts';
import { listServers } from './servers.ts';
import { splitStatements } from './split-statements.ts';

const readOwn = async (engine: 'postgres' | 'mysql') => {
  const file = fileURLToPath(new URL(`own-${engine}.sql`, import.meta.url));
  return splitStatements(await readFile(file, 'utf8'), engine);
};

for (const { name, reached, engine, compare, normalise } of listServers())
  onEngine(reached, () => {
    describe(name, () => {
      test('has the same catalog in the connector and in the definitions that the server prints', async () => {
        const { ours, theirs, refused } = await compare(await readOwn(engine));
        expect(refused).toEqual([]);
        expect(ours.length).toBe(engine === 'postgres' ? 9 : 6);
        expect(listDifferences(ours.map(normalise), theirs)).toEqual([]);
        // The other reader has no column kinds, so they are checked here.
        const columns = ours.flatMap((table: Table) => table.columns);
        expect(columns.filter(({ kind }) => kind === 'other').map(({ name }) => name)).toEqual([]);
      });
    });
  });

test('a difference in a field is one line with its path and both values', () => {
  const index = { name: 'i', columns: ['a'], unique: true, predicate: null, valid: true };
  const column = {
    name: 'a', position: 1, type: 'int', nullable: false, default: null, generated: null, comment: null,
  }; // prettier-ignore
  const table = {
    schema: 's', name: 't', kind: 'table', comment: null, columns: [column], primary_key: ['a'], foreign_keys: [], indexes: [index],
  }; // prettier-ignore
  expect(listDifferences([table], [table])).toEqual([]);
  expect(
    listDifferences(
      [table],
      [
        {
          ...table,
          comment: 'x',
          columns: [{ ...column, nullable: true }],
          indexes: [{ ...index, predicate: 'b' }],
        },
      ],
    ),
  ).toEqual([
    's.t.comment: null | "x"',
    's.t/column a.nullable: false | true',
    's.t/index i.predicate: null | "b"',
  ]);
  expect(listDifferences([table], [])).toHaveLength(13);
});

test('a script is split at the statement ends of its dialect', () => {
  expect(
    splitStatements(
      `\\restrict x\nselect ';' --;\n; create function f() as $a$ x; $a$;; select a #> b; -- last\n`,
      'postgres',
    ),
  ).toEqual(["select ';'", 'create function f() as $a$ x; $a$', 'select a #> b']);
  expect(
    splitStatements(
      `select 'it\\'s;'; # a; b\nDELIMITER ;;\ncreate trigger x begin a; b; end;;\nDELIMITER ;\nselect 1`,
      'mysql',
    ),
  ).toEqual(["select 'it\\'s;'", 'create trigger x begin a; b; end', 'select 1']);
});
