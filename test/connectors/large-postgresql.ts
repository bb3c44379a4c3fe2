import type { Socket } from 'node:net';
import { once } from 'node:events';
import { plainServer } from '../network/servers.ts';

/**
 * Starts a server that speaks PostgreSQL's protocol and accepts every login. It answers an introspection with
 * `tables` tables, each of 16 columns with defaults, comments, indexes and keys. A real server takes a
 * quarter of an hour to create them.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export const startLargePostgresql = (tables: number) =>
  plainServer((socket) => {
    let asked = Promise.resolve();
    let said = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      said = Buffer.concat([said, chunk]);
      if (said[0] === 0) {
        said = Buffer.alloc(0);
        socket.write(letIn);
      }
      while (said.length >= 5 && said.length >= 1 + said.readUInt32BE(1)) {
        const length = 1 + said.readUInt32BE(1);
        const message = said.subarray(0, length);
        said = said.subarray(length);
        if (message[0] === 0x58) socket.end();
        if (message[0] === 0x51)
          asked = asked
            .then(() => answer(socket, message.toString('utf8', 5, length - 1), tables))
            .catch(() => void socket.destroy()); // the client is gone
      }
    });
  });

const answer = async (socket: Socket, query: string, tables: number): Promise<void> => {
  for (const statement of query.split(/;\n/)) {
    const rows = rowsFor(statement, tables);
    const pieces: Buffer[] = [];
    let bytes = 0;
    let first = true;
    for (const fields of rows) {
      if (first) pieces.push(describe(fields.length));
      first = false;
      const row = packRow(fields);
      pieces.push(row);
      bytes += row.length;
      if (bytes < 64 * 1024) continue;
      if (socket.destroyed) return;
      if (!socket.write(Buffer.concat(pieces.splice(0))))
        await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
      bytes = 0;
    }
    socket.write(Buffer.concat([...pieces, pack('C', Buffer.from('SELECT\0'))]));
  }
  socket.write(ready);
};

/** Recognises a statement by the catalog that it reads. */
const rowsFor = (statement: string, tables: number): Iterable<readonly string[]> => {
  const separator = /string_agg\([a-z.]+, '([^']*)'/.exec(statement)?.[1] ?? '\x1f';
  const each = <T>(make: (n: number) => T) => eachTable(tables, make);
  const join = (parts: readonly string[]) => parts.join(separator);
  if (statement.includes('show server_version')) return [['18.4']];
  if (statement.includes(`current_setting('block_size')`)) return [['reader', '8192', '180004']];
  if (statement.includes('has_schema_privilege'))
    return Array.from({ length: schemas }, (_, n) => [`${20_000 + n}`, `schema_${n}`, 't']);
  if (statement.includes('from pg_type t where')) return types;
  if (statement.includes('c.relispartition'))
    return each((n) => [
      oidOf(n),
      `${20_000 + (n % schemas)}`,
      nameOf(n),
      'r',
      'f',
      `${(n * 7919) % 1_000_000}`,
      `${n % 5000}`,
      '0',
      'all',
    ]);
  if (statement.includes('a.attidentity'))
    return each((n) => [
      oidOf(n),
      join(columns.map((column, at) => (at === 0 ? column : `${column}_${(n + at) % 400}`))),
      `{${columns.map((_, at) => at + 1).join(',')}}`,
      `{${columns.map((_, at) => types[at % types.length]?.[0] ?? '').join(',')}}`,
      'Nnnnnnnnnnnnnnnn',
    ]);
  if (statement.includes('from pg_attrdef'))
    return each((n) => [
      oidOf(n),
      '{1,5,9}',
      join([`nextval('schema_${n % schemas}.${nameOf(n)}_id_seq'::regclass)`, `'n/a'::text`, 'now()']),
    ]);
  if (statement.includes('from pg_description'))
    return each((n) => [
      oidOf(n),
      '{0,3,7}',
      join([`Holds the records of ${nameOf(n)}; made by hand`, `The third of ${n}`, `The seventh of ${n}`]),
    ]);
  if (statement.includes('from pg_constraint'))
    return each((n) => [
      oidOf(n),
      join([`${nameOf(n)}_second_fkey`]),
      `{${oidOf((n * 31) % tables)}}`,
      '{2}',
      '{1}',
    ]);
  if (statement.includes('from pg_index'))
    return each((n) => [
      oidOf(n),
      join([`${nameOf(n)}_pkey`, `${nameOf(n)}_second_idx`, `${nameOf(n)}_lower_idx`]),
      '1,2 3,0',
      'pnn',
      `lower(column_${n % 400})`,
    ]);
  return [];
};

function* eachTable<T>(tables: number, make: (n: number) => T): Generator<T> {
  for (let n = 0; n < tables; n++) yield make(n);
}

const schemas = 20;
const oidOf = (n: number) => `${100_000 + n}`;
const nameOf = (n: number) => `table_of_the_shop_${(n * 7919) % 1_000_003}`;
const columns =
  'id customer amount currency created updated status region country city street notes weight height width depth'.split(
    ' ',
  );

/** oid, array, name, spelling, typtype, category, base, not null, built in */
const types = [
  ['20', '1016', 'int8', 'bigint', 'b', 'N', '0', 'f', 't'],
  ['25', '1009', 'text', 'text', 'b', 'S', '0', 'f', 't'],
  ['1043', '1015', 'varchar', 'character varying', 'b', 'S', '0', 'f', 't'],
  ['1184', '1185', 'timestamptz', 'timestamp with time zone', 'b', 'D', '0', 'f', 't'],
  ['1700', '1231', 'numeric', 'numeric', 'b', 'N', '0', 'f', 't'],
];

const int16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const pack = (type: string, body: Buffer) => Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
const packRow = (fields: readonly string[]) =>
  pack(
    'D',
    Buffer.concat([
      int16(fields.length),
      ...fields.flatMap((field) => [int32(Buffer.byteLength(field)), Buffer.from(field)]),
    ]),
  );
/** Columns of text, without names. */
const describe = (count: number) =>
  pack(
    'T',
    Buffer.concat([
      int16(count),
      Buffer.alloc(count * 19, Buffer.concat([Buffer.alloc(9), int32(25), Buffer.alloc(6)])),
    ]),
  );
const ready = pack('Z', Buffer.from('I'));
const letIn = Buffer.concat([pack('R', int32(0)), pack('S', Buffer.from('server_version\x0018.4\0')), ready]);
