import { Problem } from '../problem.ts';

// For parsers of connection strings alone: they are loaded late, and so is this.

/** Says what was expected and never what stood there: it may be a password. */
export const refuse = (expected: string): never => {
  throw new Problem('invalid-request', `connection_string: expected ${expected}`, {
    errors: [{ path: 'connection_string', expected }],
  });
};

const encoded = 'a string whose every % begins two hexadecimal digits, as in %25 for % itself';

/** A part of a string without its percent-encoding. */
export const decoded = (text: string, expected = encoded): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse(expected);
  }
};

/** How an option that nobody knows is told: a name that does not look like one may be a piece of a password. */
export const namedLike =
  (form: RegExp) =>
  (option: string): string =>
    form.test(option) ? option : 'of another form';

export const named = namedLike(/^[A-Za-z][A-Za-z_]{0,39}$/);
