const MAX_CAUSES = 5;
const MAX_DEPTH = 3;
const MAX_FIELDS = 50;
const MAX_CHARACTERS = 8192;

type Clean = (text: string) => string;

/**
 * Converts a thrown value and its causes to plain data for the log. Never throws: the value may be anything, even cyclic or with getters
 * that throw. `clean` removes secrets from each text.
 */
export const describeError = (error: unknown, clean: Clean, depth = 0): unknown => {
  if (typeof error !== 'object' || error === null) return describeValue(error, clean, 0);
  const cause = readField(error, 'cause');
  const described = isError(error) ? describeFields(error, clean) : describeValue(error, clean, 0);
  if (cause === undefined || depth >= MAX_CAUSES) return described;
  return { ...Object(described), cause: describeError(cause, clean, depth + 1) };
};

const describeFields = (error: object, clean: Clean) => {
  const describe = (name: string) => describeValue(readField(error, name), clean, MAX_DEPTH);
  const code = readField(error, 'code'); // errors of Node and of drivers have one
  return {
    name: describe('name'),
    message: describe('message'),
    ...((typeof code === 'string' || typeof code === 'number') && { code: describe('code') }),
    stack: describe('stack'),
  };
};

/** Cleans each text before it is encoded: the escapes of JSON would hide a secret from `clean`. */
const describeValue = (value: unknown, clean: Clean, depth: number): unknown => {
  switch (typeof value) {
    case 'string':
      return shorten(clean(value));
    case 'number':
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : describeObject(value, clean, depth);
    case 'function':
      return '[function]';
    default:
      return shorten(clean(String(value))); // undefined, a bigint or a symbol
  }
};

const describeObject = (value: object, clean: Clean, depth: number): unknown => {
  if (depth >= MAX_DEPTH) return '[object]';
  const fields = listNames(value).slice(0, MAX_FIELDS);
  return Object.fromEntries(
    fields.map((name) => [shorten(clean(name)), describeValue(readField(value, name), clean, depth + 1)]),
  );
};

const listNames = (value: object): readonly string[] => {
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

const readField = (value: object, name: string): unknown => {
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
};

const shorten = (text: string): string =>
  text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}…`;
