import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readObjectColumns } from '../../shared/connectors/s3/read-object-columns.ts';
import { createCsvBudget } from '../../shared/connectors/s3/csv.ts';
import { readCsvRows } from '../../shared/connectors/s3/csv-rows.ts';

/**
 * Reads an object with this content. Returns its columns, its rows and the number of bytes that were read.
 */
const read = async (key: string, content: string | Buffer) => {
  const bytes = Buffer.from(content);
  let taken = 0;
  const reading = await readObjectColumns(
    { key, size: bytes.length },
    async (from, to) => {
      const part = Buffer.from(Uint8Array.from(bytes.subarray(from, to)));
      taken += part.length;
      return part;
    },
    (work) => work(),
  );
  const shape =
    typeof reading === 'object'
      ? reading.columns.map(({ name, type, kind }) => ({ name, type, kind }))
      : reading;
  return { shape, rows: typeof reading === 'object' ? reading.rows : undefined, reading, taken };
};
const namesOf = (shape: unknown) =>
  Array.isArray(shape) ? shape.map(({ name }: { readonly name: string }) => name) : shape;

describe('CSV file', () => {
  test.each([
    ['commas', 'a.csv', 'id,name\n1,x\n'],
    ['semicolons and CRLF', 'a.csv', 'id;name\r\n1;x\r\n'],
    ['tabs', 'a.tsv', 'id\tname\n1\tx'],
    ['vertical bars', 'a.csv', 'id|name\n1|x'],
    ['the extension .psv', 'a.psv', 'id|name\n1|x'],
    ['the extension .tab', 'a.tab', 'id\tname\n1\tx'],
    ['a byte order mark', 'a.csv', '\uFEFFid,name\n1,x\n'],
    ['quoted fields', 'a.CSV', '"id","name"\n"1","x, ""y"", z"\n'],
  ])('is read with %s', async (_, key, text) => {
    const { shape, rows } = await read(key, text);
    expect(shape).toEqual([
      { name: 'id', type: 'integer', kind: 'integer' },
      { name: 'name', type: 'string', kind: 'string' },
    ]);
    expect(rows).toBe(1);
  });

  test.each([
    ['1', 'integer'],
    ['-12.5', 'decimal'],
    ['007', 'string'],
    ['true', 'boolean'],
    ['2026-01-31', 'date'],
    ['2026-01-31 10:00:00+00', 'timestamp'],
    ['00000000-0000-4000-8000-000000000000', 'uuid'],
    ['', 'string'],
    ['NULL', 'string'],
    ['1e5', 'decimal'],
    ['12:30:00', 'time'],
    ['25:30', 'string'],
    ['2024/1/2', 'date'],
    ['31.01.2024', 'date'],
    ['01/02/2024', 'date'],
    ['20240102T101112Z', 'timestamp'],
    ['92233720368547758070123', 'integer'],
    ['+4930123456', 'string'],
    ['1.', 'decimal'],
    ['-inf', 'decimal'],
    ['yes', 'boolean'],
    ['f', 'boolean'],
    ['31-01-2024', 'date'],
    ['1/31/24', 'date'],
    ['31-01-24', 'date'],
    ['2/29/00', 'date'],
    ['1.10.24', 'string'],
    ['2024-02-29', 'date'],
    ['1900-02-29', 'string'],
    ['2000-02-29', 'date'],
    ['2024-04-31', 'string'],
    ['2024-02-30', 'string'],
    ['2024-13-01', 'string'],
    ['32/01/2024', 'string'],
    ['10:30 PM', 'time'],
    ['31.01.2024 10:30', 'timestamp'],
    ['1/31/2024 10:30:00 PM', 'timestamp'],
    ['2024-01-31 10:30:00 UTC', 'timestamp'],
    ['2024-01-31 25:30', 'string'],
    ['10.0.0.1', 'string'],
  ])('with the value %j has a column of kind %s', async (value, kind) => {
    const { shape } = await read('a.csv', `first,second\n${value},x\n${value},y\n`);
    expect(shape).toMatchObject([{ kind }, {}]);
  });

  test.each([
    ['line breaks that are carriage returns only', 'a.csv', 'id,name\r1,x\r2,y\r'],
    ['tabs, and commas in a name', 'a.tsv', 'id\tname\n1\tx, y, z\n2\ty\n'],
    ['a delimiter hint for Excel', 'a.csv', 'sep=;\r\nid;name\r\n1;x\r\n2;y\r\n'],
    ['blanks after the delimiter', 'a.csv', 'id, name\n1, "x, y"\n2, z\n'],
    ['an inch sign after a tab', 'a.tsv', 'id\tname\n1\t"x 70\n2\ty" z\n'],
    ['words for missing values', 'a.csv', 'id,name\nNA,x\n7,null\n'],
  ])('is read despite %s', async (_, key, text) => {
    const { shape, rows } = await read(key, text);
    expect(shape).toEqual([
      { name: 'id', type: 'integer', kind: 'integer' },
      { name: 'name', type: 'string', kind: 'string' },
    ]);
    expect(rows).toBe(2);
  });

  test('with tabs in the rows and commas in the header is split at the tabs', async () => {
    const { shape } = await read('a.tsv', 'a, b, c\td\n1\t2\n');
    expect(namesOf(shape)).toEqual(['a, b, c', 'd']);
  });

  test('with spaces before a quotation mark keeps the quoted text as one field', async () => {
    const { shape } = await read('a.csv', '"id", "full, name", "n"\n1, "x, y", 3\n2, "z, w", 4\n');
    expect(shape).toMatchObject([
      { name: 'id', kind: 'integer' },
      { name: 'full, name', kind: 'string' },
      { name: 'n', kind: 'integer' },
    ]);
  });

  test('with a line break in a quoted field keeps it as one field', async () => {
    const { shape, rows } = await read('a.csv', 'id,note\n1,"a\nb"\n2,c\n');
    expect([namesOf(shape), rows]).toEqual([['id', 'note'], 2]);
  });

  test.each([
    ['Latin-1', Buffer.from('größe,naïve\n1,x\n', 'latin1')],
    ['UTF-16', Buffer.from('\ufeffgröße,naïve\n1,x\n', 'utf16le')],
    ['UTF-8', Buffer.from('größe,naïve\n1,x\n')],
  ])('in %s has the correct column names', async (_, bytes) => {
    expect(namesOf((await read('a.csv', bytes)).shape)).toEqual(['größe', 'naïve']);
  });

  test('in UTF-8 that is cut within a character is not read as Latin-1', async () => {
    const row = `${'é'.repeat(99)},1\n`;
    for (const shift of ['', 'x']) {
      const { shape } = await read('a.csv', `é${shift},n\n${row.repeat(1000)}`);
      expect(namesOf(shape)).toEqual([`é${shift}`, 'n']);
    }
  });

  test('has years in its first row as column names only if no years are below them', async () => {
    const population = await read('a.csv', 'country,2019,2020\nDE,83,83.1\nFR,67,67.2\n');
    expect([namesOf(population.shape), population.rows]).toEqual([['country', '2019', '2020'], 2]);
    expect(population.shape).toMatchObject([{}, { kind: 'integer' }, { kind: 'decimal' }]);
    const lives = await read('a.csv', 'Ann,1950,2019\nBob,1961,2020\n');
    expect([namesOf(lives.shape), lives.rows]).toEqual([['column_1', 'column_2', 'column_3'], 2]);
    expect(lives.shape).toMatchObject([{ kind: 'string' }, { kind: 'integer' }, { kind: 'integer' }]);
  });

  test.each([
    ['dates', 'region,2026-01-01,2026-02-01\nnorth,1,2\nsouth,3,4\n', ['region', '2026-01-01', '2026-02-01']],
    ['words above numbers', 'id,100,101\n1,x,y\n2,z,w\n', ['id', '100', '101']],
    ['numbers above words', 'name,1,2\nx,y,z\nu,v,w\n', ['name', '1', '2']],
  ])('has a header with %s', async (_, text, names) => {
    const { shape, rows } = await read('a.csv', text);
    expect([namesOf(shape), rows]).toEqual([names, 2]);
  });

  test.each([
    ['numbers above numbers', 'north,1,2\nsouth,3.5,4\n'],
    ['dates above dates', 'north,2026-01-01,x\nsouth,2026-02-01,y\n'],
    ['a missing number below a number', 'north,1,2\nsouth,NA,\n'],
  ])('has no header with %s', async (_, text) => {
    const { shape, rows } = await read('a.csv', text);
    expect([namesOf(shape), rows]).toEqual([['column_1', 'column_2', 'column_3'], 2]);
  });

  test.each([
    ['a title', 'Sales of 2026\n\nid,name,price\n1,x,1.5\n2,y,2.5\n'],
    ['a title and as many commas as columns', 'Sales of 2026,,\n,,\nid,name,price\n1,x,1.5\n2,y,2.5\n'],
    ['a title with a comma', 'Sales, 2026\nid,name,price\n1,x,1.5\n2,y,2.5\n'],
    ['comments', '# by a program\n# on a day, at noon\nid,name,price\n1,x,1.5\n2,y,2.5\n'],
    ['comments between rows', 'id,name,price\n1,x,1.5\n # no row\n2,y,2.5\n'],
    ['single quotation marks', "'id','name','price'\n'1','x, y','1.5'\n'2','y','2.5'\n"],
    ['semicolons, and commas in its title', 'Sales, by day, 2026\nid;name;price\n1;x;1.5\n2;y;2.5\n'],
    ['semicolons, and commas in its fields', 'id;name;price\n1;x, y, z;1.5\n2;y, z, w;2.5\n'],
    ['a short and a long row', 'id,name,price\n1,x\n2,y,2.5,7\n'],
    ['a delimiter at the end of each row', 'id,name,price\n1,x,1.5,\n2,y,2.5,\n'],
  ])('with %s has the columns of its table', async (_, text) => {
    const { shape, rows } = await read('a.csv', text);
    expect(shape).toEqual([
      { name: 'id', type: 'integer', kind: 'integer' },
      { name: 'name', type: 'string', kind: 'string' },
      { name: 'price', type: 'decimal', kind: 'decimal' },
    ]);
    expect(rows).toBe(2);
  });

  test('has a header that starts with a comment character', async () => {
    const { shape, rows } = await read('a.csv', '#id,name\n1,x\n2,y\n');
    expect([namesOf(shape), rows]).toEqual([['#id', 'name'], 2]);
  });

  test('keeps the text after an unescaped quotation mark in a field', async () => {
    const { shape } = await read('a.csv', 'id,"the "full" name"\r\n1,x\r\n');
    expect(namesOf(shape)).toEqual(['id', 'the full" name"']);
  });

  test('keeps an unclosed quotation mark in its field', async () => {
    const { shape, rows } = await read('a.csv', 'id,size\n1,"5 inch\n2,6 inch\n');
    expect([namesOf(shape), rows]).toEqual([['id', 'size'], 2]);
    const name = await read('a.csv', '"id,name\n1,x\n');
    expect([namesOf(name.shape), name.rows]).toEqual([['"id', 'name'], 1]);
  });

  test('with one column and commas in some rows has one column', async () => {
    expect((await read('a.csv', 'price\n12,5\n145,00\n5.25\n')).shape).toEqual([
      { name: 'price', type: 'string', kind: 'string' },
    ]);
    const { shape, rows } = await read('a.csv', 'note\nyes, it is\nno\nwell\nso, so\nno, it is not\nwell\n');
    expect([namesOf(shape), rows]).toEqual([['note'], 6]);
  });

  test('with row names has a first column without a name', async () => {
    const { shape } = await read('a.csv', 'mpg,cyl\nMazda RX4,21.5,6\nDatsun 710,22.8,4\n');
    expect(shape).toMatchObject([
      { name: 'column_1', kind: 'string' },
      { name: 'mpg', kind: 'decimal' },
      { name: 'cyl', kind: 'integer' },
    ]);
  });

  test('with rows longer than the header has additional columns without a name', async () => {
    const { shape } = await read('a.csv', 'a,b\n1,x,2,y\n3,z,4,w\n');
    expect(namesOf(shape)).toEqual(['a', 'b', 'column_3', 'column_4']);
  });

  test('that starts with a number has no header', async () => {
    const { shape, rows } = await read('a.csv', '1,x\n2,y\n');
    expect([namesOf(shape), rows]).toEqual([['column_1', 'column_2'], 2]);
  });

  test('has unique column names', async () => {
    const { shape } = await read('a.csv', 'a,a,,a\nx,y,z,w\n');
    expect(namesOf(shape)).toEqual(['a', 'a_2', 'column_3', 'a_4']);
  });

  test('with a comma in each field, between semicolons, is split at the semicolons', async () => {
    const { shape, rows } = await read('a.csv', 'low, cold;high, warm\n1,5;2,5\n3,5;4,5\n');
    expect([namesOf(shape), rows]).toEqual([['low, cold', 'high, warm'], 2]);
  });

  test('is parsed only until the consumer of its rows stops', () => {
    const taken: (readonly string[])[] = [];
    const form = { delimiter: ',', quote: '"', whole: true, budget: createCsvBudget() };
    const end = readCsvRows('a,b\nc,d\ne,f\n', form, (row) => taken.push(row) < 2);
    expect([taken, end]).toEqual([
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
      7,
    ]);
  });

  test('is split where quotation marks enclose whole fields', async () => {
    expect(namesOf((await read('a.csv', '":!",";!"\n')).shape)).toEqual([':!', ';!']);
  });

  test('has any column names that its header contains', async () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => /^[^\s\d.+-][^]*\S$/.test(text));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { minLength: 2, maxLength: 8 }), async (names) => {
        const line = names.map((one) => `"${one.replaceAll('"', '""')}"`).join(',');
        const { shape } = await read('a.csv', `${line}\n`);
        expect(namesOf(shape)).toEqual(names);
      }),
    );
  });

  test('with arbitrary content is read without an exception', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 2000 }),
        fc.constantFrom('csv', 'json', 'csv.gz'),
        async (bytes, kind) => {
          const { reading } = await read(`a.${kind}`, Buffer.from(bytes));
          expect(['object', 'string']).toContain(typeof reading);
        },
      ),
    );
  });

  test('of any size is read at its start only, and its row count is an estimate', async () => {
    const { rows, taken } = await read('a.csv', `id,name\n${'12345,abcdef\n'.repeat(200_000)}`);
    expect(taken).toBeLessThanOrEqual(2 ** 16);
    expect(rows).toBeGreaterThan(190_000);
    expect(rows).toBeLessThan(210_000);
  });

  test('with a long first row is read further, up to a limit', async () => {
    const names = Array.from({ length: 20_000 }, (_, at) => `column${at}`).join(',');
    const { shape } = await read('a.csv', `${names}\n${'1,'.repeat(20_000)}\n`.repeat(3));
    expect(namesOf(shape)).toHaveLength(20_000);
    const semicolons = await read(
      'a.csv',
      `${names.replaceAll(',', ';')}\n${'1;'.repeat(20_000)}\n`.repeat(3),
    );
    expect(namesOf(semicolons.shape)).toHaveLength(20_000);
    const { shape: none, taken } = await read('a.csv', 'x'.repeat(3_000_000));
    expect(none).toBe('unreadable');
    expect(taken).toBeLessThan(1_200_000);
  });

  test('that is a decompression bomb is unreadable', async () => {
    const { shape } = await read('a.csv.gz', gzipSync(Buffer.alloc(200_000_000, 'a')));
    expect(shape).toBe('unreadable');
  });
});

describe('JSON file', () => {
  test.each([
    ['lines', '{"a":1,"b":"x"}\n{"a":2.5}\n'],
    ['an array of documents', '[\n {"a": 1, "b": "x"},\n {"a": 2.5}\n]'],
    ['an array on one line', '[{"a":1,"b":"x"},{"a":2.5}]'],
    ['documents without separators', '{"a":1,"b":"x"}{"a":2.5}'],
    ['documents over several lines', '{\n "a":1,\n "b":"x"\n}\n{\n "a":2.5\n}\n'],
    ['records after record separators', '\u001e{"a":1,"b":"x"}\n\u001e{"a":2.5}\n'],
    ['lines with a truncated last line', '{"a":1,"b":"x"}\n{"a":2.5}\n{"a":3,"c'],
    ['a truncated array', '[{"a":1,"b":"x"},{"a":2.5},{"a":'],
    ['documents with brackets in strings', '{"a":1,"b":"]}\\"{["}{"a":2.5}'],
  ])('is read as %s', async (_, text) => {
    const { reading, rows } = await read('a.json', text);
    expect(reading).toMatchObject({
      columns: [
        { name: 'a', type: 'number', kind: 'float', nullable: false, share: 1 },
        { name: 'b', type: 'string', kind: 'string', nullable: true, share: 0.5 },
      ],
    });
    expect(rows).toBe(2);
  });

  test('combines all types of a field', async () => {
    const { reading } = await read('a.ndjson', '{"a":1}\n{"a":"x"}\n{"a":null}\n{"__proto__":[1]}\n');
    expect(reading).toMatchObject({
      columns: [
        { name: 'a', type: 'integer | string', kind: 'json', nullable: true },
        { name: '__proto__', type: 'array', kind: 'array' },
      ],
    });
  });

  test('detects fractional numbers by their spelling, without nested values and strings', async () => {
    const { shape } = await read('a.json', '{"a":1.0,"b":1e3,"c":2,"d":{"c":1.5},"e":"1.5"}\n');
    expect(shape).toMatchObject([
      { name: 'a', kind: 'float' },
      { name: 'b', kind: 'float' },
      { name: 'c', kind: 'integer' },
      { name: 'd', kind: 'json' },
      { name: 'e', kind: 'string' },
    ]);
  });

  test('with one large array is read at its start only, and its row count is an estimate', async () => {
    const rows = Array.from({ length: 40_000 }, (_, at) => ({ id: at, name: 'x'.repeat(20) }));
    const { shape, rows: count, taken } = await read('a.json', JSON.stringify(rows));
    expect(namesOf(shape)).toEqual(['id', 'name']);
    expect(Math.abs((count ?? 0) - rows.length)).toBeLessThan(rows.length / 10);
    expect(taken).toBeLessThan(100_000);
  });

  test('with arrays as lines has no columns and one row for each line', async () => {
    const { shape, rows } = await read('a.jsonl', '[1,2]\n[3,4]\n');
    expect([shape, rows]).toEqual([[], 2]);
  });

  test('has the same columns and rows in every layout', async () => {
    const document = fc.record({ a: fc.jsonValue(), b: fc.string() }, { requiredKeys: ['a'] });
    await fc.assert(
      fc.asyncProperty(
        fc.array(document, { minLength: 1, maxLength: 5 }),
        fc.constantFrom('', '\n', '\r\n', ' ', '\u001e'),
        fc.constantFrom(undefined, 1),
        async (documents, between, space) => {
          const texts = documents.map((one) => JSON.stringify(one, undefined, space));
          const one = await read('a.json', texts.join(between));
          const other = await read('a.json', JSON.stringify(documents));
          expect(one.reading).toEqual(other.reading);
          expect(one.rows).toBe(documents.length);
        },
      ),
    );
  });

  test.each(['hello', '{"a":1}\nhello\n{"a":2}', '{"a":1}}', '[', '{"a":1', '{]}', '{"a":1},{"a":2}'])(
    'with invalid content is unreadable: %s',
    async (text) => {
      expect((await read('a.json', text)).shape).toBe('unreadable');
    },
  );
});

describe('compressed text file', () => {
  const text = 'id,name\n1,x\n2,y\n';
  test.each([
    ['gzip', 'a.csv.gz', gzipSync(text)],
    ['gzip', 'a.csv.gzip', gzipSync(text)],
    ['zstd', 'a.csv.zst', zstdCompressSync(text)],
    ['gzip without an extension for gzip', 'a.csv', gzipSync(text)],
    ['zstd without an extension for zstd', 'a.csv', zstdCompressSync(text)],
    ['zstd with the extension of gzip', 'a.csv.gz', zstdCompressSync(text)],
    ['uncompressed text with the extension of gzip', 'a.csv.gz', Buffer.from(text)],
    ['two gzip members', 'a.csv.gz', Buffer.concat([gzipSync(text.slice(0, 9)), gzipSync(text.slice(9))])],
  ])('is read from %s', async (_, key, bytes) => {
    const { shape, rows } = await read(key, bytes);
    expect([namesOf(shape), rows]).toEqual([['id', 'name'], 2]);
  });

  test.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('with %s is read at its start, even if it is large or truncated', async (_, pack) => {
    const rows = Array.from({ length: 60_000 }, (_row, at) => `${at},${(at * 7919) % 104_729}`);
    const packed = pack(`id,name\n${rows.join('\n')}\n`);
    const whole = await read('a.csv', packed);
    expect(namesOf(whole.shape)).toEqual(['id', 'name']);
    expect(whole.taken).toBeLessThanOrEqual(2 ** 16);
    expect(Math.abs((whole.rows ?? 0) - rows.length)).toBeLessThan(rows.length / 4);
    expect(namesOf((await read('a.csv', packed.subarray(0, -1000))).shape)).toEqual(['id', 'name']);
  });

  test('that needs more memory than the limit is too large', async () => {
    // A frame that requires a 128 MB window, with one block:
    // https://github.com/facebook/zstd/blob/dev/doc/zstd_compression_format.md
    const frame = Buffer.concat([Buffer.from('28b52ffd0088290000', 'hex'), Buffer.from('a\n1\n2')]);
    expect((await read('a.csv.zst', frame)).shape).toBe('tooLarge');
    frame[5] = 0x68;
    expect((await read('a.csv.zst', frame)).rows).toBe(2);
  });

  test('with blocks larger than the first read is read further', async () => {
    const random = Array.from({ length: 9000 }, (_, at) =>
      createHash('sha256').update(String(at)).digest('base64'),
    );
    const packed = zstdCompressSync(`id,hash\n${random.map((hash, at) => `${at},${hash}\n`).join('')}`);
    const { shape } = await read('a.csv.zst', packed);
    expect(namesOf(shape)).toEqual(['id', 'hash']);
  });

  test('in an unsupported format is reported without reading it', async () => {
    for (const key of ['a.csv.bz2', 'a.json.snappy', 'a.orc', 'a.avro', 'a.XLSX', 'a.csv.zip', 'a.orc.gz'])
      expect(await read(key, 'x')).toMatchObject({ shape: 'unsupported', taken: 0 });
    for (const key of ['a.gz', 'a.zip', 'picture.png.gz'])
      expect(await read(key, 'x')).toMatchObject({ shape: undefined, taken: 0 });
  });

  test.each([
    ['zip', '504b0304140000000800'],
    ['Parquet', '5041523115041500'],
    ['bzip2', '425a683931415926'],
    ['Avro', '4f626a0104166176'],
    ['an HTML page', Buffer.from('\n<!DOCTYPE html>\n<p>Denied, a').toString('hex')],
    ['XML', Buffer.from('<?xml version="1.0"?><Error/>').toString('hex')],
  ])('whose content is %s is unreadable, whatever its extension', async (_, hex) => {
    const bytes = Buffer.concat([Buffer.from(hex, 'hex'), Buffer.from('\n,\n,')]);
    expect((await read('a.csv', bytes)).shape).toBe('unreadable');
    expect((await read('a.json', bytes)).shape).toBe('unreadable');
  });
});

test('an S3 object with another extension is not read for columns', async () => {
  expect(await read('a.bin', 'x')).toMatchObject({ shape: undefined, taken: 0 });
  expect(await read('no-extension', 'x')).toMatchObject({ shape: undefined, taken: 0 });
});

describe('Parquet file', () => {
  test.each([
    ['no content', Buffer.alloc(0)],
    ['only a few bytes', Buffer.from('PAR1')],
    [
      'a footer longer than the file',
      Buffer.concat([Buffer.alloc(100), Buffer.from([255, 255, 255, 127]), Buffer.from('PAR1')]),
    ],
    [
      'a footer of zeros',
      Buffer.concat([Buffer.alloc(100), Buffer.from([50, 0, 0, 0]), Buffer.from('PAR1')]),
    ],
  ])('that has %s is unreadable', async (_, bytes) => {
    expect((await read('a.parquet', bytes)).shape).toBe('unreadable');
  });

  test('with an arbitrary footer is read or unreadable', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 8, maxLength: 300 }), async (footer) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(footer.length);
        const { reading } = await read('a.parquet', Buffer.concat([footer, length, Buffer.from('PAR1')]));
        expect(['object', 'string']).toContain(typeof reading);
      }),
    );
  });
});
