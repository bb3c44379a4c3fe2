// A statement of Oracle's, as far as SQLite understands it: nothing is rewritten but the places of bound values.
import { Unknown } from './ttc-read.mjs';

/** What SQLite takes and Oracle does not, and what Oracle says to it. */
const refused = [
  [/;\s*$/, 911, 'invalid character'],
  [/[`[\]{}?]|::|==/, 911, 'invalid character'],
  [/\b(limit|offset|ilike|glob|regexp|isnull|notnull)\b/i, 933, 'SQL command not properly ended'],
  // A column may be renamed by AS, a table may not.
  [/\b(from|join)\s+[\w.$#"]+\s+as\b/i, 933, 'SQL command not properly ended'],
  [/\b(true|false)\b/i, 904, 'invalid identifier'],
  [/^(?!.*\bfrom\b)/is, 923, 'FROM keyword not found where expected'],
];
/** Shown in lists of columns and nowhere else. */
const longs = /\b(data_default|search_condition|query|text)\b/i;

/** A refusal in the server's own numbers: https://docs.oracle.com/en/error-help/db/ */
export class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export const rowsOf = (db, sql, binds) => {
  let places = 0;
  // Texts and quoted names stand between; in them a colon is a colon.
  const pieces = sql.split(/('(?:[^']|'')*'|"[^"]*")/);
  const bare = pieces.filter((_, at) => at % 2 === 0).join("''");
  for (const [pattern, code, message] of refused) if (pattern.test(bare)) throw new Refusal(code, message);
  if (longs.test(bare.slice(bare.search(/\bfrom\b/i)))) throw new Refusal(997, 'illegal use of LONG datatype');
  const text = pieces.map((piece, at) => (at % 2 ? piece : piece.replaceAll(/:[A-Za-z]\w*/g, () => (places++, '?')))).join('');
  if (places !== binds.length) throw new Refusal(1008, 'not all variables bound');
  try {
    const statement = db.prepare(text);
    statement.setReturnArrays(true);
    const rows = statement.all(...binds);
    return { columns: statement.columns().map((column, at) => describe(column, at, rows)), rows };
  } catch (error) {
    throw refusalOf(String(error.message));
  }
};

/** An expression is of no declared type: it goes by what came of it. */
const describe = ({ name, type }, at, rows) => {
  const declared = type ?? (typeof rows.find((row) => row[at] !== null)?.[at] === 'number' ? 'NUMBER' : 'VARCHAR2(4000)');
  const [base, size] = declared.split(/[( )]/);
  return { name: name.toUpperCase(), type: base, size: base === 'LONG' ? 0 : base === 'NUMBER' ? 22 : Number(size) };
};

const refusalOf = (said) => {
  const [, named] = /(?:column|function|table): (\S+)/.exec(said) ?? [];
  if (said.startsWith('no such table')) return new Refusal(942, 'table or view does not exist');
  if (/^no such (column|function)/.test(said)) return new Refusal(904, `"${named.toUpperCase()}": invalid identifier`);
  if (said.startsWith('ambiguous')) return new Refusal(918, 'column ambiguously defined');
  if (said === 'incomplete input') return new Refusal(936, 'missing expression');
  if (said.includes('syntax error')) return new Refusal(933, 'SQL command not properly ended');
  return new Unknown(said);
};
