/**
 * Describes a value that is a placeholder from documentation, a portal or a template, or returns `undefined`. Bare words such as `changeme` or
 * `your_password` are not placeholders, because people leave them unchanged and they become the real password.
 */
export const describePlaceholder = (value: string): string | undefined => {
  const text = value.trim();
  if (text.length > 200) return undefined;
  if (maskPatterns.some((mask) => mask.test(text))) return 'this looks like a mask that hides it';
  if (variablePatterns.some((variable) => variable.test(text)))
    return 'this looks like a variable that was not replaced by its value';
  return isBracketedPlaceholder(text) ? 'this looks like a placeholder from documentation' : undefined;
};

/** Whether a bracketed part of the text is a placeholder for the value of the reader: `db.[YOUR-PROJECT-REF].supabase.co`. */
export const hasPlaceholderPart = (text: string): boolean =>
  (text.match(/<[^<>]*>|\{[^{}]*\}|\[[^[\]]*\]/g) ?? []).some(
    (part) => /(^|[^a-z])your([^a-z]|$)/i.test(part) && isBracketedPlaceholder(part),
  );

/** One sign repeated for every character. Bullets count anywhere in the text, because no keyboard has them. */
const maskPatterns: readonly RegExp[] = [
  /^\*{3,}$/,
  /[•●]{3,}/,
  /^[xX]{5,}$/,
  /^[[<(]?(redacted|masked|hidden)[\])>]?$/i,
];

const secretWordPattern = '(PASSWORD|PASSWD|PWD|SECRET|TOKEN|HOST|HOSTNAME|USER|USERNAME|DATABASE)';

/** Variables of shells, Compose, Windows and template languages: a name between marks of their syntax. */
const variablePatterns: readonly RegExp[] = [
  /^\$\{\{?\s*[A-Za-z_][\w.-]*\s*(:?[-?+=][^}]*)?\}?\}$/,
  /^\{\{-?\s*[A-Za-z_.][\w.\s|"'()-]*\}\}$/,
  /^<%=?[^%]*%>$/,
  /^\$\([A-Za-z_][\w.-]*\)$/,
  // Without braces only if the name contains a word for a missing value: `$ABC1` may be a password.
  new RegExp(`^\\$([A-Z]+[A-Z_]*_?)?${secretWordPattern}$`),
  new RegExp(`^%([A-Z]+[A-Z_]*_?)?${secretWordPattern}%$`),
];

/** Brackets around words, one of which names the missing value: `{your_password}`, `<db_password>`, `[YOUR-PASSWORD]`. */
const isBracketedPlaceholder = (text: string): boolean => {
  const inner = /^(?:<([^<>]*)>|\{([^{}]*)\}|\[([^[\]]*)\])$/
    .exec(text)
    ?.slice(1)
    .find((part) => part !== undefined);
  if (inner === undefined || !/^[A-Za-z][A-Za-z _.'’-]*$/.test(inner)) return false;
  return inner
    .split(/[ _.'’-]+|(?<=[a-z])(?=[A-Z])/)
    .some((word) => placeholderWords.has(word.toLowerCase()));
};

const placeholderWords: ReadonlySet<string> = new Set(
  `your my the insert enter replace here password passwd pass pwd passphrase secret token key credential credentials db database dbname schema
  user username login account host hostname server endpoint cluster project port bucket region warehouse role name service sid yourpassword
  dbpassword dbuser dbhost`.split(/\s+/),
);
