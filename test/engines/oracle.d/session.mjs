// What is asked after the logon: statements and their rows, in turns; transactions; and the end.
import { accounts } from './accounts.mjs';
import { dictionaryOf } from './dictionary.mjs';
import { Refusal, rowsOf } from './sql.mjs';
import { COMMIT, EXECUTE, FETCH, LOGOFF, PING, REEXECUTE, REEXECUTE_AND_FETCH, ROLLBACK, Unknown } from './ttc-read.mjs';
import { describe, ending, parameters, row, rowHeader, status, writer } from './ttc-write.mjs';

/** What settles a session and begins to read, or begins alone. */
const beginning = /^\s*(?:begin\s+execute immediate 'alter session set ([^']*)';\s*set transaction read only;\s*end;|(set\s+transaction\s+read\s+only))\s*$/i;
const hasLong = (columns) => columns.some(({ type }) => type === 'LONG');

/** Answers calls one after the other; to some there is no answer. */
export const createSession = (user, service) => {
  const { stalls, deaf } = accounts[user], cursors = new Map();
  const state = { NLS_COMP: 'BINARY', NLS_SORT: 'BINARY', CURRENT_SCHEMA: user, ...accounts[user].session };
  let readOnly = false, last = 0;

  const end = (w, { cursor = 0, rows = 0, code, message } = {}) => ending(w, { cursor, rows, code, message, inTransaction: readOnly });
  /** Rows from where the cursor is, and whether those were the last. */
  const some = (w, id, count) => {
    const cursor = cursors.get(id), turn = cursor.rows.slice(cursor.at, cursor.at + count);
    if (turn.length > 0) rowHeader(w, turn.length);
    for (const values of turn) row(w, cursor.columns, values);
    cursor.at += turn.length;
    if (turn.length === count) return { cursor: id, rows: cursor.at };
    cursor.rows = undefined; // the cursor may run again, and until then is read no more
    return { cursor: id, rows: cursor.at, code: 1403, message: 'no data found' };
  };

  const run = ({ cursor: known, sql: fresh, rows: count, binds }, describes) => {
    const sql = fresh ?? cursors.get(known)?.sql;
    if (sql === undefined) throw new Refusal(1001, 'invalid cursor');
    const id = known || ++last, w = writer();
    cursors.set(id, { sql, binds: binds.length });
    const [, block, alone] = beginning.exec(sql) ?? [];
    if (block ?? alone) {
      for (const [, name, value] of (block ?? '').matchAll(/(\w+) = (\w+)/g)) {
        if (!(name.toUpperCase() in state)) throw new Refusal(2248, 'invalid option for ALTER SESSION');
        state[name.toUpperCase()] = value;
      }
      if (readOnly) throw new Refusal(1453, 'SET TRANSACTION must be first statement of transaction');
      readOnly = true;
      return end(parameters(w), { cursor: id });
    }
    if (!/^\s*(select|with)\b/i.test(sql)) throw readOnly ? new Refusal(1456, 'may not perform insert, delete, update operation inside a READ ONLY transaction') : new Unknown(`the statement ${sql}`);
    if (!readOnly) throw new Unknown('a query outside of a transaction that only reads');
    if (stalls) return undefined;
    const { columns, rows } = rowsOf(dictionaryOf(service, user, state.NLS_COMP === 'LINGUISTIC' && state.NLS_SORT.endsWith('_CI')), sql, binds);
    // Views of the account's own that have the names of the dictionary's, and nothing in them.
    if (state.CURRENT_SCHEMA === user && accounts[user].session && /\bfrom\s+all_/i.test(sql)) rows.length = 0;
    cursors.set(id, { sql, binds: binds.length, columns, rows, at: 0 });
    if (describes) describe(w, columns);
    // With a LONG among the columns no row comes before it is fetched: https://docs.oracle.com/cd/B10500_01/appdev.920/a96584/oci16ms3.htm
    const ahead = count > 0 && !hasLong(columns) ? some(w, id, count) : { cursor: id };
    return end(parameters(w), ahead);
  };

  const calls = {
    [EXECUTE]: (call) => run(call, true),
    [REEXECUTE_AND_FETCH]: (call) => run(call, false),
    [REEXECUTE]: (call) => run(call, false),
    [FETCH]: ({ cursor, rows }) => {
      if (!cursors.get(cursor)?.rows) throw new Refusal(1002, 'fetch out of sequence');
      const w = writer(65_536), few = hasLong(cursors.get(cursor).columns) ? Math.min(rows, 900) : rows;
      return end(w, some(w, cursor, few)); // a server may send fewer than it was asked for, and has more all the same
    },
    [COMMIT]: () => ((readOnly = false), status()),
    [ROLLBACK]: () => ((readOnly = false), status()),
    [PING]: () => status(readOnly),
    [LOGOFF]: () => status(),
  };

  return {
    isDeaf: deaf,
    bindsOf: (cursor) => cursors.get(cursor)?.binds ?? 0,
    answer: (call) => {
      for (const cursor of call.closed) cursors.delete(cursor);
      for (const cursor of call.cancelled) Object.assign(cursors.get(cursor) ?? {}, { rows: undefined });
      if (deaf) return undefined;
      try {
        const answer = calls[call.code];
        if (!answer) throw new Unknown(`call ${call.code}`);
        return answer(call);
      } catch (error) {
        if (error instanceof Refusal) return end(writer(), { code: error.code, message: error.message });
        throw error;
      }
    },
    /** What is said to a statement that was given up. */
    givenUp: () => end(writer(), { code: 1013, message: 'user requested cancel of current operation' }),
  };
};
