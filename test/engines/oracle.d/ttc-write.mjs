// TTC, what the server sends: https://github.com/oracle/node-oracledb/tree/main/lib/thin/protocol/messages, as the driver reads it of 19.1.
const ERROR = 4, ROW_HEADER = 6, ROW = 7, PARAMETER = 8, STATUS = 9, DESCRIBE = 16;
const types = { VARCHAR2: 1, NUMBER: 2, LONG: 8 };
const UTF8 = 873;
/** Of a call's end: a transaction is open. */
const IN_TRANSACTION = 2;

/** Grows as it is written to: an answer may be of a hundred megabytes. */
export const writer = (size = 1024) => {
  let buffer = Buffer.allocUnsafe(size), at = 0;
  const room = (n) => {
    if (at + n > buffer.length) buffer = Buffer.concat([buffer.subarray(0, at)], Math.max(buffer.length * 2, at + n));
  };
  const w = {
    byte: (...values) => { room(values.length); for (const value of values) buffer[at++] = value; return w; },
    raw: (b) => { room(b.length); at += b.copy(buffer, at); return w; },
    /** A number behind its length. */
    ub: (...values) => {
      for (const n of values) {
        if (n === 0) w.byte(0);
        else if (n < 256) w.byte(1, n);
        else if (n < 65536) w.byte(2, n >> 8, n & 255);
        else w.byte(4, n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255);
      }
      return w;
    },
    text: (s) => {
      const length = Buffer.byteLength(s);
      if (length > 252) return w.pieces(Buffer.from(s));
      room(length + 1);
      buffer[at++] = length;
      at += buffer.write(s, at);
      return w;
    },
    pieces: (b) => {
      w.byte(254);
      for (let from = 0; from < b.length; from += 32767) { const piece = b.subarray(from, from + 32767); w.ub(piece.length).raw(piece); }
      return w.ub(0);
    },
    /** Length, and the text behind its own. */
    named: (s) => (s ? w.ub(Buffer.byteLength(s)).text(s) : w.ub(0)),
    done: () => buffer.subarray(0, at),
  };
  return w;
};

export const pairs = (list) => {
  const w = writer().byte(PARAMETER).ub(list.length);
  for (const [key, value, flag = 0] of list) w.named(key).named(value).ub(flag);
  return ending(w);
};

/** The end of a call: no error, ORA-01403 behind the last row, or what went wrong. */
export const ending = (w, { code = 0, message = '', cursor = 0, rows = 0, inTransaction = false } = {}) => {
  w.byte(ERROR).ub(inTransaction ? IN_TRANSACTION : 0, 0, rows, code, 0, 0, cursor, 0);
  w.byte(0, 0, 0, 0, 0, 0).ub(0, 0).byte(0).ub(0, 0, 0).byte(0, 0); // kind, flags; no row's id
  w.ub(0, 0, 0, 0, 0, 0, code, rows);
  return (code ? w.text(`ORA-${String(code).padStart(5, '0')}: ${message}\n`) : w).done();
};
export const failure = ([code, message]) => ending(writer(), { code, message });
export const status = (inTransaction = false) => writer().byte(STATUS).ub(inTransaction ? IN_TRANSACTION : 0, 0).done();

export const describe = (w, columns) => {
  w.byte(DESCRIBE).text('').ub(0, columns.length).byte(0);
  columns.forEach(({ name, type, size }, at) => {
    const isNumber = type === 'NUMBER';
    w.byte(types[type], 0, 0, isNumber ? 0x81 : 0).ub(size, 0, 0, 0, 0, isNumber ? 0 : UTF8).byte(isNumber ? 0 : 1); // a scale of -127
    w.ub(size, 0).byte(1, 0).named(name).ub(0, 0, at + 1, 0);
  });
  return w.ub(0, 0, 0, 0, 0, 0);
};

export const rowHeader = (w, rows) => w.byte(ROW_HEADER, 0).ub(0, 0, rows, 0, 0, 0);

export const row = (w, columns, values) => {
  w.byte(ROW);
  columns.forEach(({ type }, at) => {
    const value = values[at];
    if (value === null || value === '') w.byte(0); // to Oracle an empty text is none
    else if (type === 'NUMBER') number(w, value);
    else w.text(String(value));
    if (type === 'LONG') w.ub(0, 0); // indicator and return code
  });
};

/** What came of it, as every execution ends with. */
export const parameters = (w) => w.byte(PARAMETER).ub(0, 0, 0, 0);

/** Twenty pairs of digits behind a power of a hundred; of those below zero all is turned around. */
const number = (w, value) => {
  if (value === 0) return w.byte(1, 0x80);
  const plain = Math.abs(value).toString();
  if (plain.includes('e')) throw new Error(`${value}: a number as large or small as this was never sent`);
  const [whole, part = ''] = plain.split('.');
  const digits = (whole.length % 2 ? `0${whole}` : whole) + (part.length % 2 ? `${part}0` : part);
  let all = digits.match(/../g).map(Number), power = Math.ceil(whole.length / 2);
  while (all[0] === 0) { all = all.slice(1); power--; }
  while (all.at(-1) === 0) all = all.slice(0, -1);
  if (all.length > 20) throw new Error(`${value}: more digits than there are`);
  if (value > 0) return w.byte(all.length + 1, 0xc0 + power, ...all.map((pair) => pair + 1));
  const end = all.length < 20 ? [102] : [];
  return w.byte(all.length + 1 + end.length, (0xc0 + power) ^ 0xff, ...all.map((pair) => 101 - pair), ...end);
};
