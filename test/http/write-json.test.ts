import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as v from 'valibot';
import { writeJson } from '../../shared/http/write-json.ts';

const Item = v.object({ name: v.string(), size: v.nullable(v.number()), note: v.exactOptional(v.string()) });
const page = {
  list: v.object({ total: v.number(), data: v.array(Item), next: v.nullable(v.string()) }),
  nullable: v.object({ success: v.boolean(), data: v.nullable(v.array(Item)) }),
  optional: v.object({ hint: v.optional(v.string()), data: v.array(Item) }),
  bare: v.array(Item),
  checked: v.object({ data: v.pipe(v.array(Item), v.maxLength(500)) }),
};

const items = fc
  .array(
    fc.record(
      {
        name: fc.string({ unit: 'binary' }),
        size: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
        note: fc.string(),
        secret: fc.constant('of the store alone'),
      },
      { requiredKeys: ['name', 'size', 'secret'] },
    ),
    { maxLength: 40, size: 'max' },
  )
  // Long enough to need more than one turn of the event loop.
  .chain((some) => fc.constantFrom(some, Array.from({ length: 9 }, () => some).flat()));

describe('writeJson', () => {
  test.each(Object.keys(page) as (keyof typeof page)[])(
    'writes the same text as parsing with the schema and JSON.stringify: %s',
    async (kind) => {
      await fc.assert(
        fc.asyncProperty(items, fc.option(fc.string(), { nil: undefined }), async (data, text) => {
          const schema: v.GenericSchema = page[kind];
          const whole = {
            success: true,
            total: data.length,
            hint: text,
            data,
            next: text ?? null,
            secret: 1,
          };
          const value = kind === 'bare' ? data : whole;
          expect(await writeJson(schema, value)).toBe(JSON.stringify(v.parse(schema, value)));
        }),
        { numRuns: 50 },
      );
    },
  );

  test('lets the event loop turn while it writes many items', async () => {
    const data = Array.from({ length: 3000 }, (_, n) => ({ name: `item ${n}`, size: n }));
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const text = await writeJson(page.list, { total: 1, data, next: null });
    isOver = true;
    expect(JSON.parse(text)).toEqual({ total: 1, data, next: null });
    expect(turns).toBeGreaterThanOrEqual(14);
  });

  test('lets the event loop turn while it writes a few long items', async () => {
    const data = Array.from({ length: 40 }, () => ({ name: 'x'.repeat(100_000), size: null }));
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await writeJson(page.list, { total: 1, data, next: null });
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(10);
  });

  test('rejects a value that the schema does not allow', async () => {
    const data = Array.from({ length: 300 }, (_, n) => ({ name: n === 299 ? 299 : 'item', size: n }));
    await expect(writeJson(page.list, { total: 1, data, next: null })).rejects.toThrow(v.ValiError);
    await expect(writeJson(page.list, { data: [] })).rejects.toThrow(v.ValiError);
  });
});
