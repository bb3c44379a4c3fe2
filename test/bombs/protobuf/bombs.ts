import type { Format } from '../bomb.ts';
import { schemaBomb } from '../cluster.ts';

const MB = 2 ** 20;
const told = (schema: string, references: readonly object[] = []) => ({
  schemaType: 'PROTOBUF',
  schema,
  references,
});
const message = (body: string) => `syntax = "proto3"; message M { int32 id = 1; ${body} }`;
const cutAndDeep = { missing: ['schemas-unreadable', 'schemas-too-large'] };
const tooLarge = { missing: ['schemas-too-large'], columns: 2 };

export const format: Format = {
  mostMb: 350,
  bombs: {
    'messages in messages': schemaBomb('depth', () => told('message M {'.repeat(100_000)), cutAndDeep),
    'messages in messages of a long name': schemaBomb(
      'depth',
      () => told(`message ${'n'.repeat(500_000)} {${'message M {'.repeat(30)}${'enum E {} '.repeat(30_000)}`),
      tooLarge,
    ),
    'choices in choices': schemaBomb('depth', () => told(message('oneof o {'.repeat(100_000))), cutAndDeep),
    'marks in marks': schemaBomb('depth', () => told('{'.repeat(3 * MB)), tooLarge),
    'remarks that never end': schemaBomb('work', () => told(`message M {} ${'/* '.repeat(MB)}`), {
      missing: ['schemas-unreadable'],
      columns: 0,
    }),
    'texts that never end': schemaBomb('work', () => told(`message M {} ${'"\\'.repeat(MB / 4)}`), {
      missing: ['schemas-unreadable'],
      columns: 0,
    }),
    'millions of words': schemaBomb('work', () => told(message('a '.repeat(2 * MB - 100))), tooLarge),
    'a hundred thousand fields': schemaBomb(
      'work',
      () => told(message(Array.from({ length: 100_000 }, (_, at) => `A f${at} = ${at};`).join(' '))),
      { missing: ['schemas-too-large'] },
    ),
    'a package of a hundred thousand parts': schemaBomb(
      'work',
      () =>
        told(
          `package ${'a.'.repeat(100_000)}b; message M { ${Array.from({ length: 1000 }, (_, at) => `X f${at} = 1;`).join(' ')} }`,
        ),
      tooLarge,
    ),
    'imports in a circle': schemaBomb(
      'claim',
      () => told(message('B b = 2;'), [{ name: 'b.proto', subject: 'b', version: 1 }]),
      { missing: [], columns: 2 },
      (subject) => told('message B {}', [{ name: 'o', subject: subject === 'b' ? 'c' : 'b', version: 1 }]),
    ),
    'imports of ever more others': schemaBomb(
      'claim',
      () => told(message(''), [{ name: 'b.proto', subject: 'b', version: 1 }]),
      { missing: ['schemas-too-large'], columns: 1 },
      (subject) =>
        told(
          'message B {}',
          Array.from({ length: 50 }, (_, at) => ({
            name: `o${at}`,
            subject: `${subject}.${at}`,
            version: 1,
          })),
        ),
    ),
  },
};
