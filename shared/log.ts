import { scrub } from './scrub.ts';

export interface Log {
  /** From now on these values are taken out of everything that is logged. */
  hide(secrets: Iterable<string>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, error: unknown, fields?: Readonly<Record<string, unknown>>): void;
  /** Takes the hidden values out of a text that goes elsewhere. */
  clean(text: string): string;
}

/** One JSON line per entry. Fields are ours and structured; only what others wrote (messages, stacks) is scrubbed. */
export const createLog = (
  context: Readonly<Record<string, unknown>>,
  write: ((line: string) => void) | undefined = (line) => void process.stdout.write(`${line}\n`),
): Log => {
  const secrets = new Set<string>();
  const clean = (text: string) => scrub(text, secrets);
  const line = (level: string, message: string, fields: Readonly<Record<string, unknown>>) =>
    write(
      JSON.stringify({
        time: new Date().toISOString(),
        level,
        message: clean(message),
        ...context,
        ...fields,
      }),
    );
  return {
    hide: (values) => {
      for (const value of values) secrets.add(value);
    },
    info: (message, fields = {}) => line('info', message, fields),
    error: (message, error, fields = {}) => line('error', message, { ...fields, error: told(error, clean) }),
    clean,
  };
};

/** What an error says of itself, down its causes. */
const told = (error: unknown, clean: (text: string) => string, depth = 0): unknown => {
  if (!(error instanceof Error)) return clean(String(error));
  const { code } = error as { code?: unknown }; // Node's and the drivers' errors carry one
  return {
    name: error.name,
    message: clean(error.message),
    ...(typeof code === 'string' && { code: clean(code) }),
    ...(typeof code === 'number' && { code }),
    stack: clean(error.stack ?? ''),
    ...(error.cause !== undefined && depth < 5 && { cause: told(error.cause, clean, depth + 1) }),
  };
};
