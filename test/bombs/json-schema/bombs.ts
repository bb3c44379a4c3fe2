import type { Format } from '../bomb.ts';
import { schemaBomb } from '../cluster.ts';

const told = (schema: unknown, references: readonly object[] = []) => ({
  schemaType: 'JSON',
  schema: typeof schema === 'string' ? schema : JSON.stringify(schema),
  references,
});
const tooLarge = { missing: ['schemas-too-large'], columns: 2 };
const everyField = (make: (at: number) => object) =>
  Object.fromEntries(Array.from({ length: 1900 }, (_, at) => [`f${at}`, make(at)]));
const unresolved = { missing: ['schemas-unresolved'], columns: 1 };
const itself = { $ref: '#' };

export const format: Format = {
  mostMb: 350,
  bombs: {
    'a hundred bytes that are all of themselves': schemaBomb(
      'work',
      () => told({ allOf: [itself, itself, itself, itself, itself, itself] }),
      unresolved,
    ),
    'definitions that are twice the next': schemaBomb(
      'work',
      () =>
        told({
          $ref: '#/$defs/d0',
          $defs: Object.fromEntries(
            Array.from({ length: 60 }, (_, at) => [
              `d${at}`,
              { allOf: Array.from({ length: 20 }, () => ({ $ref: `#/$defs/d${at + 1}` })) },
            ]),
          ),
        }),
      { missing: ['schemas-too-large'], columns: 1 },
    ),
    'alternatives that are twice the next': schemaBomb(
      'work',
      () =>
        told({
          type: 'object',
          oneOf: [{ $ref: '#/$defs/d0' }, {}],
          $defs: Object.fromEntries(
            Array.from({ length: 60 }, (_, at) => [
              `d${at}`,
              {
                properties: { [`f${at}`]: { type: 'string' } },
                oneOf: Array.from({ length: 20 }, () => ({ $ref: `#/$defs/d${at + 1}` })),
              },
            ]),
          ),
        }),
      tooLarge,
    ),
    'a choice of a hundred thousand that everything has': schemaBomb(
      'work',
      () =>
        told({
          $defs: { x: { oneOf: Array.from({ length: 90_000 }, () => ({})) } },
          properties: Object.fromEntries(
            Array.from({ length: 1900 }, (_, at) => [`f${at}`, { $ref: '#/$defs/x' }]),
          ),
        }),
      tooLarge,
    ),
    'anchors that are not there, among many': schemaBomb(
      'work',
      () =>
        told({
          properties: everyField((at) => ({ $ref: `#nowhere${at}` })),
          $defs: Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [at, { $anchor: `a${at}` }])),
        }),
      { missing: ['schemas-unresolved'], columns: 1900 },
    ),
    'a hundred thousand types that everything has': schemaBomb(
      'work',
      () =>
        told({
          properties: everyField(() => ({ $ref: '#/$defs/x' })),
          $defs: { x: { type: Array.from({ length: 150_000 }, (_, at) => `t${at}`) } },
        }),
      { missing: [], columns: 1900 },
    ),
    'conditions that everything has': schemaBomb(
      'work',
      () =>
        told({
          properties: everyField(() => ({ $ref: '#/$defs/x' })),
          $defs: {
            x: {
              type: 'object',
              dependentSchemas: Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [at, {}])),
            },
          },
        }),
      tooLarge,
    ),
    'properties that are the whole, each': schemaBomb(
      'work',
      () =>
        told({
          $id: 'https://a.test/',
          properties: Object.fromEntries(
            Array.from({ length: 40_000 }, (_, at) => [`f${at}`, { $ref: `x${at}/../../../` }]),
          ),
        }),
      { missing: ['schemas-too-large'], columns: 2000 },
    ),
    'identifiers that all are within each other': schemaBomb(
      'depth',
      () => told(`${'{"$id":"a/","properties":{"a":'.repeat(95)}{"$ref":"nowhere.json"}${'}}'.repeat(95)}`),
      { missing: ['schemas-too-large'], columns: 13 },
    ),
    'a reference to itself': schemaBomb('depth', () => told({ $ref: '#' }), unresolved),
    'references in a circle': schemaBomb(
      'depth',
      () => told({ $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }),
      unresolved,
    ),
    'choices of one in choices of one': schemaBomb(
      'depth',
      () => told(`${'{"oneOf":['.repeat(100_000)}{}${']}'.repeat(100_000)}`),
      tooLarge,
    ),
    'objects in objects': schemaBomb('depth', () => told('{"properties":{"a":'.repeat(150_000)), tooLarge),
    'a large document that everything refers to': schemaBomb(
      'work',
      () =>
        told(
          {
            properties: Object.fromEntries(
              Array.from({ length: 1900 }, (_, at) => [`f${at}`, { $ref: 'other.json#/$defs/x' }]),
            ),
          },
          [{ name: 'other.json', subject: 'other', version: 1 }],
        ),
      { missing: [], columns: 1900 },
      () => told({ $defs: { x: { type: 'string' } }, $comment: 'x'.repeat(1_000_000) }),
    ),
    'a pointer of a megabyte, again and again': schemaBomb(
      'work',
      () =>
        told({
          properties: Object.fromEntries(
            Array.from({ length: 30 }, (_, at) => [`f${at}`, { $ref: `#${'/a'.repeat(50_000)}` }]),
          ),
        }),
      { missing: ['schemas-unresolved'], columns: 30 },
    ),
    'a description of a megabyte that a thousand fields have': schemaBomb(
      'claim',
      () =>
        told({
          $defs: { x: { type: 'string', description: 'x'.repeat(1_000_000) } },
          properties: Object.fromEntries(
            Array.from({ length: 1900 }, (_, at) => [`f${at}`, { $ref: '#/$defs/x' }]),
          ),
        }),
      { missing: ['schemas-too-large'] },
    ),
    'a hundred thousand properties': schemaBomb(
      'work',
      () =>
        told({
          properties: Object.fromEntries(
            Array.from({ length: 45_000 }, (_, at) => [`f${at}`, { type: 'string' }]),
          ),
        }),
      { missing: ['schemas-too-large'], columns: 2000 },
    ),
  },
};
