/** Splits a script into statements, without the commands of its client: `\commands` of psql and DELIMITER of mysql. */
export const splitStatements = (script: string, engine: 'postgres' | 'mysql'): string[] => {
  const comment = engine === 'mysql' ? /^(--\s|#)/ : /^--/;
  const statements: string[] = [];
  let delimiter = ';';
  let statement = '';
  const end = () => {
    if (statement.trim()) statements.push(statement.trim());
    statement = '';
  };
  const text = script.replaceAll(/^\\.*$/gm, '').replaceAll('\r\n', '\n');
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at, at + 200);
    const command = statement.trim() === '' ? /^\s*DELIMITER\s+(\S+).*\n?/i.exec(rest) : null;
    if (command) {
      delimiter = command[1] ?? ';';
      at += command[0].length;
      continue;
    }
    if (text.startsWith(delimiter, at)) {
      end();
      at += delimiter.length;
      continue;
    }
    const length = tokenAt(text, at, { rest, comment });
    const token = text.slice(at, at + length);
    if (!comment.test(token)) statement += token;
    at += length;
  }
  end();
  return statements;
};

/** Returns the length of the token at a position: a quoted text, a comment or one character. */
const tokenAt = (
  text: string,
  at: number,
  { rest, comment }: { readonly rest: string; readonly comment: RegExp },
): number => {
  const [quote = ''] = /^(['"`]|\$\w*\$)/.exec(rest) ?? [];
  let close = quote;
  if (close === '' && comment.test(rest)) close = '\n';
  else if (close === '' && rest.startsWith('/*') && !rest.startsWith('/*!')) close = '*/';
  if (close === '') return 1;
  let from = at + Math.max(1, quote.length);
  for (;;) {
    const found = text.indexOf(close, from);
    if (found < 0) return text.length - at;
    if (quote !== "'" || text[found - 1] !== '\\') return found + close.length - at;
    from = found + 1;
  }
};
