/** What a text says in JSON; `undefined` where it is none, for a parser's own error quotes the text. */
export const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
