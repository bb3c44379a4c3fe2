import type { Agent } from 'node:http';
import type { Readable } from 'node:stream';
import type { Connection, ConnectionOptions } from 'snowflake-sdk';
import { preset } from '../../env.ts';
import { checkJson, type JsonLimits } from '../../network/foreign-json.ts';
import { nativeCode } from '../../network/failure.ts';
import { Problem } from '../../problem.ts';
import { answerOf, foreign, refusalIn, refused } from './answers.ts';
import { isTransientStatus, noteRetryAfter, withRetries } from '../retry.ts';
import { statementParameters } from './session-state.ts';

export type Row = Readonly<Record<string, string | null>>;

/** Loads the driver once, and turns off what it does by itself: cloud platform detection, retries and redirects. */
export const driver = () => (loaded ??= load());

/** Runs one statement and yields its rows as they arrive, each value as the text that the server sent. */
export const rowsOf = async function* (
  connection: Connection,
  sqlText: string,
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
): AsyncGenerator<Row> {
  let statement: ReturnType<typeof execute> | undefined;
  const begin = async () => {
    if (given !== undefined) throw given;
    statement = execute(connection, sqlText, seconds);
    return Promise.race([statement.rows, gone.promise]).catch((error: unknown) => {
      throw rootOf(error);
    });
  };
  let stream: Readable | undefined;
  let given: unknown;
  const gone = Promise.withResolvers<never>();
  const giveUp = (reason: unknown) => {
    given ??= reason;
    gone.reject(given);
    stream?.destroy(given instanceof Error ? given : new Error('given up'));
  };
  const timer = setTimeout(() => {
    giveUp(new Problem('timeout', undefined, slow));
    statement?.cancel();
  }, seconds * 1000);
  const abort = () => giveUp(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    stream = await Promise.race([withRetries(begin, { isTransient, signal }), gone.promise]);
    for await (const row of stream) yield textsOf(row);
  } catch (error) {
    throw given ?? rootOf(error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    stream?.destroy();
  }
};

/** Adds what the driver's types leave out: `agentClass` is called as a function, for every request. */
export interface Options extends ConnectionOptions {
  readonly agentClass: (wanted: { readonly protocol: string }) => Agent;
}

export const logIn = async (options: Options, signal: AbortSignal): Promise<Connection> => {
  const { createConnection } = await driver();
  const connect = () => {
    const connection = createConnection(options);
    return new Promise<Connection>((resolve, reject) => {
      connection.connect((error) => (error ? reject(rootOf(error)) : resolve(connection)));
    });
  };
  return withRetries(connect, { isTransient, signal });
};

/** Whether a retry in a moment may succeed: the service, or the edge in front of it, was busy. */
const isTransient = (error: unknown): boolean => {
  const { code = '' } = refusalIn(rootOf(error)) ?? {};
  return /^\d{3}$/.test(code) && isTransientStatus(Number(code));
};

export const logOut = (connection: Connection): Promise<void> =>
  new Promise((resolve) => {
    connection.destroy(() => resolve()); // the outcome does not matter
  });

const slow = {
  remediation:
    'The statement ran into its time limit: raise query_timeout_seconds, or use a larger warehouse.',
};

const execute = (connection: Connection, sqlText: string, seconds: number) => {
  const { promise: rows, resolve, reject } = Promise.withResolvers<Readable>();
  const statement = connection.execute({
    sqlText,
    streamResult: true,
    parameters: statementParameters(seconds),
    complete: (error, finished) => (error ? reject(error) : resolve(finished.streamRows())),
  });
  return { rows, cancel: () => statement.cancel(() => {}) };
};

const textsOf = (row: unknown): Row =>
  Object.fromEntries(
    Object.entries(Object(row)).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value : null,
    ]),
  );

/** Finds the problem or refusal that the driver, its HTTP client and Node have wrapped in other errors. */
const rootOf = (error: unknown): unknown => {
  let link: unknown = error;
  for (let depth = 0; depth < 8 && link instanceof Error; depth += 1) {
    if (link instanceof Problem || refusalIn(link)) return link;
    link = link.cause;
  }
  return error;
};

let loaded: ReturnType<typeof load> | undefined;

const load = async () => {
  preset(settings);
  const [sdk, http] = await Promise.all([
    import('snowflake-sdk'),
    import('snowflake-sdk/dist/lib/http/axios_instance.js'), // the driver has no options for the changes below
  ]);
  const axios = http.default.default;
  axios.interceptors.response.clear();
  axios.interceptors.response.use(
    (response) => {
      const { origin, pathname } = new URL(response.config.url ?? '');
      if (typeof response.data === 'string') checkJson(response.data, limits); // the driver parses parts of results itself
      if (isService(pathname)) response.data = answerOf(pathname, origin, response.data);
      return response;
    },
    (error: unknown) => Promise.reject(final(error)),
  );
  Object.assign(axios.defaults, { maxRedirects: 0, maxContentLength: largest });
  sdk.default.configure({ logLevel: 'OFF', disableOCSPChecks: true, keepAlive: false });
  return sdk.default;
};

/** Read by the driver while it is imported: https://github.com/snowflakedb/snowflake-connector-nodejs/blob/master/lib/telemetry/platform_detection.ts */
const settings = {
  SNOWFLAKE_DISABLE_PLATFORM_DETECTION: 'true',
  SNOWFLAKE_DISABLE_MINICORE: 'true',
  SF_TELEMETRY_DISABLE_CONNECTION_SHAPE: 'true',
} as const;

/** Limit for one answer after decompression, in bytes; the parts of a result are smaller. */
const largest = 96 * 2 ** 20;

/** Limits for one answer. The smallest part of a result that can be requested has a few million values. */
const limits: JsonLimits = { depth: 64, values: 6_000_000, containers: 1_000_000 };

const isService = (path: string) => /^\/(session|queries)(\/|$)/.test(path);

interface Answered {
  readonly status?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** Converts an error to one without a code that the driver would retry. */
const final = (error: unknown): Error => {
  const { response, code }: { response?: Answered; code?: unknown } = Object(error);
  if (typeof response?.status === 'number')
    return noteRetryAfter(refused({ code: String(response.status) }), response.headers?.['retry-after']);
  // Codes of Node's HTTP parser, of its decompression, and of the HTTP client for an answer that is too long.
  if (/^(HPE_|Z_|ERR_BAD_RESPONSE$)/.test(String(code))) return foreign();
  return Object.assign(new Error('no answer', { cause: bare(error) }), { code: 'ERR_CANCELED' });
};

/** Keeps only Node's own code: the HTTP client's error contains the request, with the password or the token. */
const bare = (error: unknown): Error => {
  let code: string | undefined;
  let link: unknown = error;
  for (let depth = 0; depth < 8 && link instanceof Error; depth += 1) {
    if (link instanceof Problem) return link;
    code = nativeCode(link) ?? code;
    link = link.cause;
  }
  return Object.assign(new Error('of the network'), { code });
};
