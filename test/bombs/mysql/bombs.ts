import type { Socket } from 'node:net';
import {
  column,
  end,
  greetingOf,
  head,
  answerMysqlQueries,
  packet,
  rowOf,
} from '../../connectors/mysql-server.ts';
import type { Bomb, Format, Outcome } from '../bomb.ts';
import { packetBomb, writeToSocketRepeatedly } from '../packets.ts';

const bomb = (kind: Bomb['kind'], answer: (socket: Socket) => void, outcome: Outcome): Bomb =>
  packetBomb(
    kind,
    { connector: 'mysql', config: { database: 'shop' }, only: 'test' },
    (socket) => {
      const speak = answerMysqlQueries(answer);
      socket.on('data', (said) => speak(socket, said));
      socket.write(greetingOf());
    },
    outcome,
  );
/** The end of a result that another result follows. */
const more = (number: number) => packet(number, [0xfe, 0, 0, 8, 0]);

export const format: Format = {
  mostMb: 350,
  bombs: {
    'columns, of which all the numbers that there are are claimed': bomb(
      'claim',
      (socket) => socket.write(packet(1, [0xfe, 255, 255, 255, 255, 255, 255, 255, 127])),
      { code: 'protocol-mismatch' },
    ),
    'sixty thousand columns': bomb(
      'claim',
      (socket) => {
        socket.write(packet(1, [0xfc, 0x60, 0xea]));
        for (let at = 0; at < 60_000; at += 1) socket.write(column(2 + at));
      },
      { code: 'protocol-mismatch' },
    ),
    'a text that claims more than its packet': bomb(
      'claim',
      (socket) => {
        socket.write(
          Buffer.concat([head(1), packet(4, [0xfe, 255, 255, 255, 127, 0, 0, 0, 0, 0x61]), end(5)]),
        );
      },
      { missing: [] },
    ),
    'results in results in results': bomb(
      'depth',
      (socket) => writeToSocketRepeatedly(socket, Buffer.concat([head(1), more(4)])),
      { code: 'protocol-mismatch' },
    ),
    'rows without end': bomb(
      'work',
      (socket) => {
        socket.write(head(1));
        // Packet numbers start again after 256 packets.
        writeToSocketRepeatedly(
          socket,
          Buffer.concat(Array.from({ length: 256 }, (_, at) => rowOf(4 + at, ['x']))),
        );
      },
      { code: 'protocol-mismatch' },
    ),
    'packets that are full without end': bomb(
      'work',
      (socket) => {
        socket.write(Buffer.concat([head(1), Buffer.from([255, 255, 255, 4])]));
        writeToSocketRepeatedly(socket, Buffer.alloc(2 ** 16));
      },
      { code: 'protocol-mismatch' },
    ),
  },
};
