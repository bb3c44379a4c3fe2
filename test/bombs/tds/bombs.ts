import { tdsServer } from '../../connectors/tds-server.ts';
import type { Bomb, Format, Outcome } from '../bomb.ts';
import { serverBomb } from '../packets.ts';

const MB = 2 ** 20;
const bomb = (kind: Bomb['kind'], make: () => Buffer, outcome: Outcome): Bomb =>
  serverBomb(
    kind,
    { connector: 'sqlserver', config: { database: 'shop' }, only: 'test' },
    () => {
      let made: Buffer | undefined;
      // The first request comes from the driver, which expects no rows.
      return tdsServer((sql) => (sql.includes('serverproperty') ? (made ??= make()) : []));
    },
    outcome,
  );
const uint16 = (value: number) => Buffer.from([value & 255, value >> 8]);
/** COLMETADATA with this number of unnamed integer columns: https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/58880b9f-381c-43b2-bf8b-0727a98c4f4c */
const described = (columns: number) =>
  Buffer.concat([
    Buffer.from([0x81]),
    uint16(columns),
    Buffer.alloc(columns * 9, Buffer.from([0, 0, 0, 0, 1, 0, 0x26, 4, 0])),
  ]);
/** NBCROW: a bitmap with one bit per column marks null values. */
const nulls = (columns: number, rows: number) => {
  const row = Buffer.concat([Buffer.from([0xd2]), Buffer.alloc(Math.ceil(columns / 8), 0xff)]);
  return Buffer.alloc(rows * row.length, row);
};
const done = Buffer.from([0xfd, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
/** A text column of unlimited length, sent in chunks: https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/3f983fde-0509-485a-8c40-a9fa6679a828 */
const ofAnyLength = Buffer.from([
  0x81, 1, 0, 0, 0, 0, 0, 1, 0, 0xe7, 0xff, 0xff, 0x09, 0x04, 0xd0, 0, 0x34, 0,
]);

export const format: Format = {
  mostMb: 350,
  bombs: {
    'rows of sixty thousand nulls, of a bit each': bomb(
      'work',
      () => Buffer.concat([described(60_000), nulls(60_000, 900), done]),
      { code: 'protocol-mismatch' },
    ),
    'results in results in results': bomb(
      'depth',
      () => Buffer.alloc(600_000, Buffer.concat([described(1), done])),
      { code: 'protocol-mismatch' },
    ),
    'rows without end': bomb(
      'work',
      () => Buffer.concat([described(1), Buffer.alloc(20 * MB, Buffer.from([0xd1, 0]))]),
      {
        code: 'protocol-mismatch',
      },
    ),
    'a text that claims all the bytes that there are': bomb(
      'claim',
      () =>
        Buffer.concat([
          ofAnyLength,
          Buffer.from([0xd1, 255, 255, 255, 255, 255, 255, 255, 127, 255, 255, 255, 127]),
          Buffer.alloc(9 * MB),
        ]),
      { code: 'protocol-mismatch' },
    ),
    'messages without end': bomb(
      'work',
      () => Buffer.alloc(9 * MB, Buffer.from([0xab, 14, 0, 1, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0])),
      { code: 'protocol-mismatch' },
    ),
  },
};
