import { describeError } from './describe-error.ts';
import { createScrubber, type Scrubber } from './scrub.ts';

export interface Log {
  /** Removes these values from everything that is logged from now on. */
  hide(secrets: Iterable<string>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, error: unknown, fields?: Readonly<Record<string, unknown>>): void;
  /** Removes the hidden values from a text that is not logged. `known`: names to keep, which Mooring's own statement may contain. */
  clean(text: string, known?: ReadonlySet<string>): string;
}

/** Writes one JSON line per entry. Scrubs foreign texts (messages, stacks), but not fields, which Mooring sets itself. */
export const createLog = (
  context: Readonly<Record<string, unknown>>,
  write: ((writeLine: string) => void) | undefined = (writeLine) =>
    void process.stdout.write(`${writeLine}\n`),
): Log => {
  const secrets = new Set<string>();
  let scrubber: Scrubber | undefined;
  const clean: Log['clean'] = (text, known) => (scrubber ??= createScrubber(secrets))(text, known);
  const writeLine = (level: string, message: string, fields: Readonly<Record<string, unknown>>) => {
    const entry = { time: new Date().toISOString(), level, message: clean(message), ...context };
    write(
      encodeLogEntry({ ...entry, ...fields }) ?? JSON.stringify({ ...entry, fields: 'cannot be encoded' }),
    );
  };
  return {
    hide: (values) => {
      for (const value of values) secrets.add(value);
      scrubber = undefined;
    },
    info: (message, fields = {}) => writeLine('info', message, fields),
    error: (message, error, fields = {}) =>
      writeLine('error', message, { ...fields, error: describeError(error, clean) }),
    clean,
  };
};

/** Returns `undefined` if a field is cyclic or throws; the caller then logs the entry without its fields. */
const encodeLogEntry = (entry: Readonly<Record<string, unknown>>): string | undefined => {
  try {
    return JSON.stringify(entry, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  } catch {
    return undefined;
  }
};
