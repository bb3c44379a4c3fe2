import { expect, test } from '@jest/globals';
import { findMutations } from './find-mutations.ts';

const changesOf = (text: string) =>
  findMutations(text).map(
    ({ start, end, replacement }) => text.slice(0, start) + replacement + text.slice(end),
  );

test.each([
  ['const a = x && y;', ['const a = x || y;']],
  ['const a = [b, ...c];', ['const a = [...c];', 'const a = [b];']],
  ['const a = { b, c: d };', ['const a = { c: d };', 'const a = { b };']],
  ['if (a) b();', [';', 'if (!(a)) b();', 'if (a) ;']],
  ['const a = await b;', ['const a = b;']],
  ['const a = b(c, d);', ['const a = b(c);']],
  ['const é: 5 = 7 as 7;', ['const é: 5 = 8 as 7;']],
  ["const a = 'b';", ["const a = '';"]],
  ["import a from 'b';\ntype C = 'd' | 5;\ninterface E { f: true }", []],
])('%s', (text, changes) => {
  expect(changesOf(text)).toEqual(changes);
});
