import { describeError } from './describe-error.ts';
import { createScrubber, type Scrubber } from './scrub.ts';

export interface Log {
  /** From now on these values are taken out of everything that is logged. */
  hide(secrets: Iterable<string>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, error: unknown, fields?: Readonly<Record<string, unknown>>): void;
  /** Takes the hidden values out of a text that goes elsewhere. `known`: names that a statement of ours may hold. */
  clean(text: string, known?: ReadonlySet<string>): string;
}

/** One JSON line per entry. Fields are ours and structured; only what others wrote (messages, stacks) is scrubbed. */
export const createLog = (
  context: Readonly<Record<string, unknown>>,
  write: ((line: string) => void) | undefined = (line) => void process.stdout.write(`${line}\n`),
): Log => {
  const secrets = new Set<string>();
  let scrubber: Scrubber | undefined;
  const clean: Log['clean'] = (text, known) => (scrubber ??= createScrubber(secrets))(text, known);
  const line = (level: string, message: string, fields: Readonly<Record<string, unknown>>) => {
    const entry = { time: new Date().toISOString(), level, message: clean(message), ...context };
    write(encode({ ...entry, ...fields }) ?? JSON.stringify({ ...entry, fields: 'cannot be encoded' }));
  };
  return {
    hide: (values) => {
      for (const value of values) secrets.add(value);
      scrubber = undefined;
    },
    info: (message, fields = {}) => line('info', message, fields),
    error: (message, error, fields = {}) =>
      line('error', message, { ...fields, error: describeError(error, clean) }),
    clean,
  };
};

/** `undefined` where a field is cyclic or throws: what a line is about is told all the same. */
const encode = (entry: Readonly<Record<string, unknown>>): string | undefined => {
  try {
    return JSON.stringify(entry, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  } catch {
    return undefined;
  }
};
