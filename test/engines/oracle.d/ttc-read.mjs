// TTC, what the driver sends: https://github.com/oracle/node-oracledb/tree/main/lib/thin/protocol/messages, as it speaks to 19.1.
// What was never seen is refused by name and not skipped: a stand-in that guesses proves nothing.

/** The rest is in the packet that follows. */
export class Incomplete extends Error {}
export class Unknown extends Error {}

const PIGGYBACK = 17, ROW = 7, LONG_LENGTH = 254;
const CLOSE_CURSORS = 105, CANCEL_CURSORS = 120;
export const LOGON_FIRST = 118, LOGON_SECOND = 115, EXECUTE = 94, FETCH = 5, REEXECUTE = 4, REEXECUTE_AND_FETCH = 78, COMMIT = 14, ROLLBACK = 15, PING = 147, LOGOFF = 9;
/** VARCHAR2, CHAR: all that is bound here. */
const texts = new Set([1, 96]);

/** Little numbers behind their length, strings behind theirs, long ones in pieces. */
const reader = (buffer) => {
  let at = 0;
  const take = (n) => {
    if (at + n > buffer.length) throw new Incomplete();
    return buffer.subarray(at, (at += n));
  };
  const byte = () => take(1)[0];
  const skip = (n) => void take(n);
  const number = () => take(byte()).reduce((n, b) => n * 256 + b, 0);
  const bytes = () => {
    const length = byte();
    if (length !== LONG_LENGTH) return length === 255 ? Buffer.alloc(0) : take(length);
    const pieces = [];
    for (let n; (n = number()) > 0; ) pieces.push(take(n));
    return Buffer.concat(pieces);
  };
  return { byte, skip, number, bytes, string: () => bytes().toString(), left: () => buffer.length - at };
};

/** One call, with the cursors that are closed and given up on the way; `bindsOf` tells how many values a cursor takes that runs again. */
export const readCall = (body, bindsOf) => {
  const r = reader(body), closed = [], cancelled = [];
  let kind = r.byte();
  for (; kind === PIGGYBACK; kind = r.byte()) {
    const code = r.byte();
    r.skip(2); // sequence, pointer
    if (code !== CLOSE_CURSORS && code !== CANCEL_CURSORS) throw new Unknown(`piggyback ${code}`);
    for (let n = r.number(); n > 0; n--) (code === CLOSE_CURSORS ? closed : cancelled).push(r.number());
  }
  if (kind !== 3) throw new Unknown(`message ${kind}`);
  const code = r.byte();
  r.byte(); // sequence
  const call = { code, closed, cancelled, ...readers[code]?.(r, bindsOf) };
  if (r.left() > 0) throw new Unknown(`${r.left()} bytes behind call ${code}`);
  return call;
};

const logon = (r) => {
  const named = r.byte();
  r.number(); r.number(); r.byte(); // length of the name, mode
  const count = r.number();
  r.skip(2);
  const user = named ? r.string().toUpperCase() : '', values = {};
  for (let i = 0; i < count; i++) {
    r.number();
    const key = r.string();
    values[key] = r.number() ? r.string() : '';
    r.number(); // flags
  }
  return { user, values };
};

const execute = (r) => {
  const options = r.number(), cursor = r.number(), parses = r.byte();
  r.number(); r.byte(); r.number(); r.skip(3); // length of the text; vectors
  const rows = r.number();
  r.number(); r.byte(); // longest LONG
  const binds = r.number();
  r.skip(5);
  r.byte(); const defines = r.number();
  r.number(); r.skip(3); r.number(); r.byte(); r.number(); r.number(); // registration, objects, names
  r.byte(); r.number(); r.byte(); // rows per statement
  r.byte(); r.number(); r.byte(); r.number(); r.byte(); r.byte(); r.number(); // 12.2: the statement's id
  const sql = parses ? r.string() : undefined;
  for (let i = 0; i < 13; i++) r.number();
  if (defines > 0) throw new Unknown('columns fetched as another type');
  if (options & 0x20000) throw new Unknown('a description without execution');
  for (let i = 0; i < binds; i++) {
    const type = r.byte();
    r.skip(3); r.number(); r.number(); r.number(); // flags, precision, scale; sizes
    if (r.number() > 0) throw new Unknown('an object that is bound');
    r.number(); r.number(); r.byte(); r.number(); r.number(); // character set and the like
    if (!texts.has(type)) throw new Unknown(`a value of type ${type} that is bound`);
  }
  return { cursor, sql, rows: options & 0x40 ? rows : 0, binds: boundValues(r, binds) };
};

const again = (r, bindsOf) => {
  const cursor = r.number(), rows = r.number();
  r.number(); r.number();
  return { cursor, rows, binds: boundValues(r, bindsOf(cursor)) };
};

const boundValues = (r, count) => {
  if (count === 0) return [];
  if (r.byte() !== ROW) throw new Unknown('values that are bound elsewhere');
  return Array.from({ length: count }, () => r.string() || null); // to Oracle an empty text is none
};

const readers = {
  [LOGON_FIRST]: logon,
  [LOGON_SECOND]: logon,
  [EXECUTE]: execute,
  [REEXECUTE]: again,
  [REEXECUTE_AND_FETCH]: again,
  [FETCH]: (r) => ({ cursor: r.number(), rows: r.number() }),
};
