/** How a field of an edition tracks whether it is set: https://protobuf.dev/editions/features/#field_presence */
export type FieldPresence = 'optional' | 'required' | 'implicit';

/** Takes the tokens of an option statement or of a field's options. */
export const findFieldPresence = (tokens: readonly string[]): FieldPresence | undefined => {
  const [, , value] = findOptionValue(tokens, (name) => /^(features\.)?field_presence$/.test(name));
  return value !== undefined && Object.hasOwn(fieldPresences, value) ? fieldPresences[value] : undefined;
};

const fieldPresences: Readonly<Record<string, FieldPresence>> = {
  EXPLICIT: 'optional',
  IMPLICIT: 'implicit',
  LEGACY_REQUIRED: 'required',
};

/** Returns the value of `default =` in a field's options; strings lose their quotation marks. */
export const findFieldDefault = (tokens: readonly string[]): string | null => {
  const [, mark, ...value] = findOptionValue(tokens, (name) => name === 'default');
  if (mark !== '=') return null;
  const end = value.findIndex((token) => token === ',' || token === ']');
  return value
    .slice(0, end < 0 ? undefined : end)
    .map((token) => token.replace(/^(["'])([^\\]*)\1$/s, '$2'))
    .join('');
};

/**
 * Returns the first name that matches, its `=` or `:`, and the tokens after it, up to a limit. Names within an option's value match only
 * with `:`.
 */
const findOptionValue = (tokens: readonly string[], isName: (name: string) => boolean): readonly string[] => {
  let braces = 0;
  for (const [at, token] of tokens.entries()) {
    if (token === '{') braces += 1;
    if (token === '}') braces -= 1;
    const mark = tokens[at + 1];
    if (isName(token) && (mark === '=' ? braces === 0 : mark === ':'))
      return tokens.slice(at, at + MAX_OPTION_TOKENS);
  }
  return [];
};

const MAX_OPTION_TOKENS = 100;
