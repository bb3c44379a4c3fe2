import { connect } from 'node:net';
import { plainServer } from '../network/servers.ts';

type When = 'before the first batch' | 'after the first batch';

/**
 * Stands in front of a TDS server without TLS and sends its own batch in each session, like changed server
 * defaults or a proxy would. Counts the batches of the client.
 */
export const startTdsFront = async (port: number, sql: string, when: When) => {
  let batches = 0;
  const front = await plainServer((socket) => {
    const behind = connect(port, '127.0.0.1');
    for (const each of [socket, behind]) each.on('error', () => {});
    socket.on('close', () => behind.destroy());
    behind.on('close', () => socket.destroy());
    let begun = 0;
    let spoilt = false;
    let answered: (() => void) | undefined;
    const spoil = async () => {
      const over = new Promise<void>((resolve) => (answered = resolve));
      behind.write(batchOf(sql));
      await over;
      answered = undefined;
    };
    let turn = Promise.resolve();
    onPackets(socket, (whole) => {
      const isBatch = whole[0] === 1;
      const isDue = isBatch && begun === (when === 'before the first batch' ? 0 : 1) && !spoilt;
      if (isDue) spoilt = true;
      if (isBatch && isLast(whole)) {
        begun += 1;
        batches += 1;
      }
      turn = turn.then(async () => {
        if (isDue) await spoil();
        behind.write(whole);
      });
    });
    onPackets(behind, (whole) => {
      if (!answered) socket.write(whole);
      else if (isLast(whole)) answered();
    });
  });
  return { ...front, batches: () => batches };
};

const onPackets = (stream: NodeJS.ReadableStream, take: (whole: Buffer) => void) => {
  let waiting = Buffer.alloc(0);
  stream.on('data', (piece: Buffer) => {
    waiting = Buffer.concat([waiting, piece]);
    while (waiting.length >= 8 && waiting.length >= waiting.readUInt16BE(2)) {
      const length = waiting.readUInt16BE(2);
      take(waiting.subarray(0, length));
      waiting = waiting.subarray(length);
    }
  });
};

const isLast = (whole: Buffer) => ((whole[1] ?? 0) & 1) === 1;

/**
 * An SQLBatch whose transaction header names no transaction:
 * https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/f2026cd3-9a46-4a3f-9a08-f63140bcbbe3
 */
const batchOf = (sql: string): Buffer => {
  const headers = Buffer.alloc(22);
  headers.writeUInt32LE(22, 0);
  headers.writeUInt32LE(18, 4);
  headers.writeUInt16LE(2, 8);
  headers.writeUInt32LE(1, 18);
  const body = Buffer.concat([headers, Buffer.from(sql, 'utf16le')]);
  const head = Buffer.from([1, 1, 0, 0, 0, 0, 1, 0]);
  head.writeUInt16BE(8 + body.length, 2);
  return Buffer.concat([head, body]);
};
