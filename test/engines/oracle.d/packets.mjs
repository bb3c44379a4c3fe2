// TNS, the packets: https://github.com/oracle/node-oracledb/blob/main/lib/thin/sqlnet/packet.js
export const CONNECT = 1, ACCEPT = 2, REFUSE = 4, REDIRECT = 5, DATA = 6, MARKER = 12;
/** What a marker says: stop; begin anew; stop at once. */
export const BREAK = 1, RESET = 2, INTERRUPT = 3;
/** The largest packet, as a server of 12.1 and later has it by default. */
const sdu = 8192;

export const u16 = (n) => Buffer.from([n >> 8, n & 255]);
export const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };
const short = (type, body, flags = 0) => Buffer.concat([u16(8 + body.length), u16(0), Buffer.from([type, flags, 0, 0]), body]);
const long = (type, body) => Buffer.concat([u32(8 + body.length), Buffer.from([type, 0, 0, 0]), body]);
const text = (s) => Buffer.concat([u16(s.length), Buffer.from(s)]);

export const refuse = (code) => short(REFUSE, Buffer.concat([Buffer.from([34, 0]), text(`(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=${code})(ERROR_STACK=(ERROR=(CODE=${code})(EMFI=4))))`)]));
export const redirect = (address) => short(REDIRECT, text(address));
/** Version 317: large packets, but neither the data flags nor the fast logon of later ones. */
export const accept = (version = 317) => short(ACCEPT, Buffer.concat([u16(version), u16(0), u16(sdu), u16(65535), u16(1), u16(0), u16(0), Buffer.from([0x04, 0x04]), Buffer.alloc(8), u32(sdu), u32(65535), Buffer.alloc(5)]));
export const marker = (kind) => long(MARKER, Buffer.from([1, 0, kind]));

/** An answer, in as many packets as it takes. */
export const data = (answer) => {
  const room = sdu - 10, packets = [];
  for (let at = 0; at === 0 || at < answer.length; at += room) packets.push(long(DATA, Buffer.concat([u16(0), answer.subarray(at, at + room)])));
  return Buffer.concat(packets);
};

/** Yields what comes; lengths are of four bytes from the answer `large` on. */
export async function* packets(stream) {
  let rest = Buffer.alloc(0), large = false;
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      if (rest.length < 8) break;
      const length = large ? rest.readUInt32BE(0) : rest.readUInt16BE(0);
      if (rest.length < length) break;
      const packet = { type: rest[4], body: rest.subarray(8, length) };
      rest = rest.subarray(length);
      if ((yield packet) === 'large') large = true;
    }
  }
}
