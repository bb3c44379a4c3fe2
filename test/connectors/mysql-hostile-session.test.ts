import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { mysql } from '../../shared/connectors/mysql/connector.ts';
import { countOpenResources, plainServer } from '../network/servers.ts';
import {
  targetOf,
  optionsOf,
  packet,
  greetingOf,
  encodeOkPacket,
  refusal,
  end,
  lengthCoded,
  column,
  table,
  isQuery,
  queryIn,
  answerMysqlQueries,
  testFakeMysql,
  head,
  rowOf,
  nothing,
} from './mysql-server.ts';
import { writeUntilClosed } from '../network/endless-writes.ts';

describe('MySQL session with a hostile server', () => {
  test('refuses an old version and names the minimum version', async () => {
    const old = (version: string) =>
      testFakeMysql({
        greeting: greetingOf({ version }),
        answer: answerMysqlQueries((socket) => void socket.write(table(version))),
      });
    for (const [version, minimum] of [
      ['5.6.51', '5.7'],
      ['5.5.5-10.1.48-MariaDB', '10.3'],
      ['10.2.44-MariaDB-log', '10.3'],
    ] as const) {
      const { failed, details } = await old(version);
      expect(failed).toMatchObject({ step: 'query', code: 'unsupported-version' });
      expect(details).toMatchObject({ error: expect.stringContaining(minimum) });
    }
  });

  test('ignores the prefix that MariaDB puts before its version for old replicas', async () => {
    const { details } = await testFakeMysql({
      answer: answerMysqlQueries(
        (socket, query) =>
          void socket.write(
            query.startsWith('show')
              ? table('GRANT SELECT ON *.* TO `me`@`%`')
              : table('5.5.5-10.6.12-MariaDB'),
          ),
      ),
    });
    expect(details).toMatchObject({ version: 'MariaDB 10.6.12' });
  });

  test.each([
    ['has not', 1193],
    ['does not support', 1235],
  ])('applies the other settings when the server %s a setting', async (_, errno) => {
    const set: string[] = [];
    const { failed } = await testFakeMysql({
      answer: (socket, said) => {
        if (!isQuery(said)) return void socket.write(encodeOkPacket(2));
        const query = queryIn(said);
        if (query.startsWith('set')) {
          const lacks = query.includes('read_only');
          if (!lacks) set.push(query);
          return void socket.write(lacks ? refusal(1, errno) : encodeOkPacket(1));
        }
        socket.write(
          query.includes('version') ? table('8.0.11-TiDB-v8') : table('GRANT SELECT ON *.* TO `me`@`%`'),
        );
      },
    });
    expect(failed).toBeUndefined();
    expect(set).toEqual(expect.arrayContaining([`set session sql_mode = ''`]));
    expect(set.join()).toContain('max_execution_time');
  });

  test('fails when the server refuses a setting for another reason', async () => {
    const { failed } = await testFakeMysql({
      answer: (socket, said) =>
        void socket.write(
          isQuery(said) && queryIn(said).startsWith('set') ? refusal(1, 1820) : encodeOkPacket(2),
        ),
    });
    expect(failed).toMatchObject({ step: 'authenticate', code: 'credentials-expired' });
  });

  test('stops reading rows that never end', async () => {
    let sent = 0;
    const { failed } = await testFakeMysql({
      answer: answerMysqlQueries((socket) => {
        socket.on('close', () => (sent = socket.bytesWritten));
        socket.write(Buffer.concat([packet(1, [1]), column(2), end(3)]));
        let number = 3;
        writeUntilClosed(socket, () => packet((number += 1), lengthCoded('x'.repeat(60_000))));
      }),
    });
    expect(failed).toMatchObject({ step: 'query', code: 'protocol-mismatch' });
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  test.each([
    ['wants a file of ours', packet(1, [0xfb], '/etc/passwd')],
    ['announces columns that never come', packet(1, [0xfd, 0xff, 0xff, 0xff])],
    ['answers that it is done', encodeOkPacket(1)],
    [
      'answers with a row of nothing',
      Buffer.concat([packet(1, [1]), column(2), end(3), packet(4, [0xfd, 0xff, 0xff, 0x7f])]),
    ],
    ['closes', Buffer.alloc(0)],
  ])('fails at the query step, and sends nothing, when the server %s', async (_, answer) => {
    const { failed, told } = await testFakeMysql({
      answer: answerMysqlQueries((socket) => socket.end(answer)),
    });
    expect(failed).toMatchObject({ step: 'query' });
    expect(['protocol-mismatch', 'connection-reset']).toContain(failed?.code);
    expect(told.includes('root:')).toBe(false);
  });

  test.each([
    ['tables', 7],
    ['columns', 10],
    ['statistics', 6],
    ['key_column_usage', 8],
  ])('fails with source-too-large when the catalog of %s never ends', async (set, width) => {
    let sent = 0;
    await using server = await plainServer((socket) => {
      socket.on('close', () => (sent += socket.bytesWritten));
      const answer = answerMysqlQueries((_, query) => {
        if (!query.includes(`from information_schema.${set}`)) return void socket.write(nothing(query));
        socket.write(head(width));
        let number = 2 + width;
        let row = 0;
        writeUntilClosed(socket, () =>
          Buffer.concat(
            Array.from({ length: 500 }, () => {
              const name = `t${(row += 1)}`;
              // Each row is of a new table, and its parts are the first of that table.
              return rowOf((number += 1), [
                name,
                name,
                set === 'tables' ? 'VIEW' : '1',
                ...Array(width - 3).fill('1'),
              ]);
            }),
          ),
        );
      });
      socket.write(greetingOf());
      socket.on('data', (said) => answer(socket, said));
    });
    await using session = await openManagedSession(mysql, targetOf(server.port, 100), optionsOf('disable'));
    let told = 0;
    await expect(
      session.introspect({ excludedSchemas: [] }, (batch) => void (told += batch.length)),
    ).rejects.toMatchObject({
      code: 'source-too-large',
      extras: { remediation: expect.stringContaining('excluded_schemas') },
    });
    expect(told).toBe(0);
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  test('reports a timeout when the server does not answer', async () => {
    const { failed } = await testFakeMysql({ answer: answerMysqlQueries(() => {}) });
    expect(failed).toMatchObject({ step: 'query', code: 'timeout' });
  });

  test('returns a result, and does not crash, for random answers', async () => {
    const piece = fc.oneof(
      fc
        .tuple(fc.integer({ min: 1, max: 6 }), fc.uint8Array({ minLength: 1, maxLength: 60 }))
        .map(([number, body]) => packet(number, Buffer.from(body))),
      fc
        .integer({ min: 0, max: 255 })
        .map((type) => Buffer.concat([packet(1, [1]), column(2, type), end(3)])),
      fc.string().map((text) => packet(4, lengthCoded(text))),
      fc.integer({ min: 1, max: 6 }).map(end),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 6 }), async (pieces) => {
        const { details } = await testFakeMysql({
          answer: answerMysqlQueries((socket) => socket.end(Buffer.concat(pieces))),
        });
        expect(Object.keys(details)).not.toEqual([]);
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 60) },
    );
  });

  test('closes although the server ignores COM_QUIT', async () => {
    await using server = await plainServer((socket) => {
      socket.write(greetingOf());
      socket.on('data', (said) => {
        if (said[4] !== 1) answerMysqlQueries(() => {})(socket, said);
      });
    });
    const session = await openManagedSession(mysql, targetOf(server.port), optionsOf('disable'));
    await session[Symbol.asyncDispose]();
    expect(await countOpenResources(/^TCPSocketWrap$/)).toBe(0);
  });

  test('reads over the first connection when the server never answers on the second', async () => {
    let connections = 0;
    const second = Promise.withResolvers<void>();
    await using server = await plainServer((socket) => {
      connections += 1;
      if (connections > 1) {
        second.resolve();
        return; // no greeting
      }
      socket.write(greetingOf());
      socket.on('data', (said) =>
        answerMysqlQueries((_, query) => void socket.write(nothing(query)))(socket, said),
      );
    });
    const target = targetOf(server.port);
    await using session = await openManagedSession(
      mysql,
      { ...target, options: { ...target.options, max_connections: 3 } },
      optionsOf('disable'),
    );
    expect(await session.introspect({ excludedSchemas: [] }, () => {})).toEqual([]);
    await second.promise;
  });
});
