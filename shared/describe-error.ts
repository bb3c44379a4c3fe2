const MAX_ERROR_CAUSES = 5;
const MAX_ERROR_DEPTH = 3;
const MAX_ERROR_FIELDS = 50;
const MAX_ERROR_CHARACTERS = 8192;

type ErrorScrubber = (text: string) => string;

/**
 * Converts a thrown value and its causes to plain data for the log. Never throws: the value may be anything, even cyclic or with getters
 * that throw. `clean` removes secrets from each text.
 */
export const describeError = (error: unknown, clean: ErrorScrubber, depth = 0): unknown => {
  if (typeof error !== 'object' || error === null) return describeErrorValue(error, clean, 0);
  const cause = readErrorField(error, 'cause');
  const described = isError(error) ? describeErrorFields(error, clean) : describeErrorValue(error, clean, 0);
  if (cause === undefined || depth >= MAX_ERROR_CAUSES) return described;
  return { ...Object(described), cause: describeError(cause, clean, depth + 1) };
};

const describeErrorFields = (error: object, clean: ErrorScrubber) => {
  const describe = (name: string) => describeErrorValue(readErrorField(error, name), clean, MAX_ERROR_DEPTH);
  const code = readErrorField(error, 'code'); // errors of Node and of drivers have one
  return {
    name: describe('name'),
    message: describe('message'),
    ...((typeof code === 'string' || typeof code === 'number') && { code: describe('code') }),
    stack: describe('stack'),
  };
};

/** Cleans each text before it is encoded: the escapes of JSON would hide a secret from `clean`. */
const describeErrorValue = (value: unknown, clean: ErrorScrubber, depth: number): unknown => {
  switch (typeof value) {
    case 'string':
      return shortenErrorText(clean(value));
    case 'number':
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : describeErrorObject(value, clean, depth);
    case 'function':
      return '[function]';
    default:
      return shortenErrorText(clean(String(value))); // undefined, a bigint or a symbol
  }
};

const describeErrorObject = (value: object, clean: ErrorScrubber, depth: number): unknown => {
  if (depth >= MAX_ERROR_DEPTH) return '[object]';
  const fields = listErrorFields(value).slice(0, MAX_ERROR_FIELDS);
  return Object.fromEntries(
    fields.map((name) => [
      shortenErrorText(clean(name)),
      describeErrorValue(readErrorField(value, name), clean, depth + 1),
    ]),
  );
};

const listErrorFields = (value: object): readonly string[] => {
  try {
    return ArrayBuffer.isView(value) ? [] : Object.keys(value);
  } catch {
    return []; // a proxy may throw from any operation
  }
};

const isError = (value: object): boolean => {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
};

const readErrorField = (value: object, name: string): unknown => {
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
};

const shortenErrorText = (text: string): string =>
  text.length <= MAX_ERROR_CHARACTERS ? text : `${text.slice(0, MAX_ERROR_CHARACTERS)}…`;
