/**
 * What stands in documentation, portals and templates where the value belongs. Refused only where nobody can reasonably mean it: bare words such
 * as `changeme` or `your_password` are taken, since people leave them as they are and they then are the password.
 */
export const describePlaceholder = (value: string): string | undefined => {
  const text = value.trim();
  if (text.length > 200) return undefined;
  if (masks.some((mask) => mask.test(text))) return 'this looks like a mask that hides it';
  if (variables.some((variable) => variable.test(text)))
    return 'this looks like a variable that was not replaced by its value';
  return isBracketed(text) ? 'this looks like a placeholder from documentation' : undefined;
};

/** Whether a bracketed part of a text asks for the reader's own value: `db.[YOUR-PROJECT-REF].supabase.co`. */
export const asksForYours = (text: string): boolean =>
  (text.match(/<[^<>]*>|\{[^{}]*\}|\[[^[\]]*\]/g) ?? []).some(
    (part) => /(^|[^a-z])your([^a-z]|$)/i.test(part) && isBracketed(part),
  );

/** Runs of one sign in place of every character; bullets are on no keyboard. */
const masks: readonly RegExp[] = [
  /^\*{3,}$/,
  /[•●]{3,}/,
  /^[xX]{5,}$/,
  /^[[<(]?(redacted|masked|hidden)[\])>]?$/i,
];

const secretWord = '(PASSWORD|PASSWD|PWD|SECRET|TOKEN|HOST|HOSTNAME|USER|USERNAME|DATABASE)';

/** Of shells, Compose, Windows and template languages: a name between marks that belong to their syntax. */
const variables: readonly RegExp[] = [
  /^\$\{\{?\s*[A-Za-z_][\w.-]*\s*(:?[-?+=][^}]*)?\}?\}$/,
  /^\{\{-?\s*[A-Za-z_.][\w.\s|"'()-]*\}\}$/,
  /^<%=?[^%]*%>$/,
  /^\$\([A-Za-z_][\w.-]*\)$/,
  // Without braces only where the name says what is missing: `$ABC1` may be a password.
  new RegExp(`^\\$([A-Z]+[A-Z_]*_?)?${secretWord}$`),
  new RegExp(`^%([A-Z]+[A-Z_]*_?)?${secretWord}%$`),
];

/** Letters alone between brackets, one of the words being a word for what is missing: `{your_password}`, `<db_password>`, `[YOUR-PASSWORD]`. */
const isBracketed = (text: string): boolean => {
  const inner = /^(?:<([^<>]*)>|\{([^{}]*)\}|\[([^[\]]*)\])$/
    .exec(text)
    ?.slice(1)
    .find((part) => part !== undefined);
  if (inner === undefined || !/^[A-Za-z][A-Za-z _.'’-]*$/.test(inner)) return false;
  return inner.split(/[ _.'’-]+|(?<=[a-z])(?=[A-Z])/).some((word) => words.has(word.toLowerCase()));
};

const words: ReadonlySet<string> = new Set(
  `your my the insert enter replace here password passwd pass pwd passphrase secret token key credential credentials db database dbname schema
  user username login account host hostname server endpoint cluster project port bucket region warehouse role name service sid yourpassword
  dbpassword dbuser dbhost`.split(/\s+/),
);
