import type { Socket } from 'node:net';
import type { Bomb, Format, Outcome } from '../bomb.ts';
import { packetBomb, writeToSocketRepeatedly } from '../packets.ts';

const bomb = (kind: Bomb['kind'], answer: (socket: Socket) => void, outcome: Outcome): Bomb =>
  packetBomb(
    kind,
    { connector: 'oracle', config: { service_name: 'shop' }, only: 'test' },
    (socket) => socket.on('data', () => answer(socket)),
    outcome,
  );
/** A packet of this type whose head claims this length. */
const packet = (type: number, body: Buffer, length = body.length + 8) => {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(length & 0xffff, 0);
  head.writeUInt8(type, 4);
  return Buffer.concat([head, body]);
};
const [accept, refuse, data, resend] = [2, 4, 6, 11];

export const format: Format = {
  mostMb: 400,
  bombs: {
    'packets of data without end': bomb(
      'work',
      (socket) => writeToSocketRepeatedly(socket, packet(data, Buffer.alloc(32_000))),
      {
        code: 'protocol-mismatch',
      },
    ),
    'packets of nothing without end': bomb(
      'work',
      (socket) => writeToSocketRepeatedly(socket, Buffer.alloc(2 ** 16, packet(data, Buffer.alloc(2)))),
      { code: 'protocol-mismatch' },
    ),
    'a refusal that claims a text of 64 KB': bomb(
      'claim',
      (socket) => {
        // Exactly as long as its head claims. With an endless text, the reported text would depend on how much of it had arrived.
        const text = Buffer.alloc(0xffff - 8 - 4);
        socket.write(packet(refuse, Buffer.concat([Buffer.from([0, 0, 0xff, 0xff]), text]), 0xffff));
      },
      { code: 'protocol-mismatch' },
    ),
    'an answer that accepts packets of four gigabytes': bomb(
      'claim',
      (socket) => {
        const body = Buffer.alloc(40, 0xff);
        body.writeUInt16BE(319, 0);
        socket.write(packet(accept, body));
        writeToSocketRepeatedly(socket, Buffer.alloc(2 ** 16, 0xff));
      },
      { code: 'protocol-mismatch' },
    ),
    'logins in logins in logins': bomb('depth', (socket) => socket.write(packet(resend, Buffer.alloc(0))), {
      code: 'protocol-mismatch',
    }),
  },
};
