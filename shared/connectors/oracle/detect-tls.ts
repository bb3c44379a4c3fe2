import type { Dialer, HostPort } from '../../network/dialer.ts';

/** Sends a `tnsping` on a second socket: a TLS port answers with an alert or closes the connection, a plaintext listener with a TNS packet. */
export const detectOracleTls = async (to: HostPort, dialer: Dialer): Promise<boolean> => {
  const socket = await dialer.tcp(to);
  const firstByte = new Promise<number | undefined>((resolve) => {
    socket.once('data', (bytes) => resolve(bytes[0]));
    socket.once('close', () => resolve(undefined));
    socket.once('end', () => resolve(undefined));
  });
  socket.write(encodeOraclePing());
  const byte = await firstByte;
  socket.destroy();
  return byte === undefined || byte === ORACLE_TLS_ALERT;
};

const ORACLE_TLS_ALERT = 0x15;

/** A connect packet of version 3.14, with its data at offset 58. Its layout is that of the driver's packet.js. */
const encodeOraclePing = (): Buffer => {
  const words = Buffer.from('(CONNECT_DATA=(COMMAND=ping))');
  const head = Buffer.alloc(58);
  head.writeUInt16BE(head.length + words.length, 0);
  head.writeUInt8(1, 4);
  for (const [at, value] of [
    [8, 314],
    [10, 300],
    [14, 2048],
    [16, 32_767],
    [18, 0x860e],
    [22, 1],
    [24, words.length],
    [26, head.length],
  ] as const) {
    head.writeUInt16BE(value, at);
  }
  return Buffer.concat([head, words]);
};
