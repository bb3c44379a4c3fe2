import type { Agent } from 'node:http';
import type { Readable } from 'node:stream';
import type { Connection, ConnectionOptions } from 'snowflake-sdk';
import { presetEnv } from '../../env.ts';
import { countJsonValues, type JsonLimits } from '../../network/http/parse-foreign-json.ts';
import { readNativeCode } from '../../network/classify-network-error.ts';
import { Problem } from '../../problem.ts';
import {
  sanitizeSnowflakeAnswer,
  createNotSnowflakeProblem,
  findSnowflakeRefusal,
  createSnowflakeRefusal,
} from './sanitize-answer.ts';
import { isTransientStatus, recordRetryAfter, withRetries } from '../reading/retry.ts';
import { createSnowflakeParameters } from './session-state.ts';

export type SnowflakeRow = Readonly<Record<string, string | null>>;

/** Loads the driver once, and turns off what it does by itself: cloud platform detection, retries and redirects. */
export const loadSnowflakeDriver = () => (loadedSnowflakeDriver ??= importSnowflakeDriver());

/** Runs one statement and yields its rows as they arrive, each value as the text that the server sent. */
export const streamSnowflakeRows = async function* (
  connection: Connection,
  sqlText: string,
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
): AsyncGenerator<SnowflakeRow> {
  let statement: ReturnType<typeof executeSnowflakeStatement> | undefined;
  const startStatement = async () => {
    if (stopReason !== undefined) throw stopReason;
    statement = executeSnowflakeStatement(connection, sqlText, seconds);
    return Promise.race([statement.rows, stopped.promise]).catch((error: unknown) => {
      throw unwrapSnowflakeError(error);
    });
  };
  let stream: Readable | undefined;
  let stopReason: unknown;
  const stopped = Promise.withResolvers<never>();
  const stop = (reason: unknown) => {
    stopReason ??= reason;
    stopped.reject(stopReason);
    stream?.destroy(stopReason instanceof Error ? stopReason : new Error('given up'));
  };
  const timer = setTimeout(() => {
    stop(new Problem('timeout', undefined, statementTimeoutExtras));
    statement?.cancel();
  }, seconds * 1000);
  const abort = () => stop(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    stream = await Promise.race([
      withRetries(startStatement, { isTransient: isTransientSnowflakeError, signal }),
      stopped.promise,
    ]);
    for await (const row of stream) yield toSnowflakeRow(row);
  } catch (error) {
    throw stopReason ?? unwrapSnowflakeError(error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    stream?.destroy();
  }
};

/** Adds what the driver's types leave out: `agentClass` is called as a function, for every request. */
export interface SnowflakeDriverOptions extends ConnectionOptions {
  readonly agentClass: (wanted: { readonly protocol: string }) => Agent;
}

export const logInToSnowflake = async (
  options: SnowflakeDriverOptions,
  signal: AbortSignal,
): Promise<Connection> => {
  const { createConnection } = await loadSnowflakeDriver();
  const connect = () => {
    const connection = createConnection(options);
    return new Promise<Connection>((resolve, reject) => {
      connection.connect((error) => (error ? reject(unwrapSnowflakeError(error)) : resolve(connection)));
    });
  };
  return withRetries(connect, { isTransient: isTransientSnowflakeError, signal });
};

/** Whether a retry in a moment may succeed: the service, or the edge in front of it, was busy. */
const isTransientSnowflakeError = (error: unknown): boolean => {
  const { code = '' } = findSnowflakeRefusal(unwrapSnowflakeError(error)) ?? {};
  return /^\d{3}$/.test(code) && isTransientStatus(Number(code));
};

export const logOutOfSnowflake = (connection: Connection): Promise<void> =>
  new Promise((resolve) => {
    connection.destroy(() => resolve()); // the outcome does not matter
  });

const statementTimeoutExtras = {
  remediation:
    'The statement exceeded its time limit. Raise query_timeout_seconds, or use a larger warehouse.',
};

const executeSnowflakeStatement = (connection: Connection, sqlText: string, seconds: number) => {
  const { promise: rows, resolve, reject } = Promise.withResolvers<Readable>();
  const statement = connection.execute({
    sqlText,
    streamResult: true,
    parameters: createSnowflakeParameters(seconds),
    complete: (error, finished) => (error ? reject(error) : resolve(finished.streamRows())),
  });
  return { rows, cancel: () => statement.cancel(() => {}) };
};

const toSnowflakeRow = (row: unknown): SnowflakeRow =>
  Object.fromEntries(
    Object.entries(Object(row)).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value : null,
    ]),
  );

/** Finds the problem or refusal that the driver, its HTTP client and Node have wrapped in other errors. */
const unwrapSnowflakeError = (error: unknown): unknown => {
  let link: unknown = error;
  for (let depth = 0; depth < 8 && link instanceof Error; depth += 1) {
    if (link instanceof Problem || findSnowflakeRefusal(link)) return link;
    link = link.cause;
  }
  return error;
};

let loadedSnowflakeDriver: ReturnType<typeof importSnowflakeDriver> | undefined;

const importSnowflakeDriver = async () => {
  presetEnv(snowflakeEnvironment);
  const [sdk, http] = await Promise.all([
    import('snowflake-sdk'),
    import('snowflake-sdk/dist/lib/http/axios_instance.js'), // the driver has no options for the changes below
  ]);
  const axios = http.default.default;
  axios.interceptors.response.clear();
  axios.interceptors.response.use(
    (response) => {
      const { origin, pathname } = new URL(response.config.url ?? '');
      if (typeof response.data === 'string') countJsonValues(response.data, snowflakeJsonLimits); // the driver parses parts of results itself
      if (isServicePath(pathname)) response.data = sanitizeSnowflakeAnswer(pathname, origin, response.data);
      return response;
    },
    (error: unknown) => Promise.reject(toFinalError(error)),
  );
  Object.assign(axios.defaults, { maxRedirects: 0, maxContentLength: MAX_SNOWFLAKE_ANSWER_BYTES });
  sdk.default.configure({ logLevel: 'OFF', disableOCSPChecks: true, keepAlive: false });
  return sdk.default;
};

/** Read by the driver while it is imported: https://github.com/snowflakedb/snowflake-connector-nodejs/blob/master/lib/telemetry/platform_detection.ts */
const snowflakeEnvironment = {
  SNOWFLAKE_DISABLE_PLATFORM_DETECTION: 'true',
  SNOWFLAKE_DISABLE_MINICORE: 'true',
  SF_TELEMETRY_DISABLE_CONNECTION_SHAPE: 'true',
} as const;

/** Limit for one answer after decompression, in bytes; the parts of a result are smaller. */
const MAX_SNOWFLAKE_ANSWER_BYTES = 96 * 2 ** 20;

/** Limits for one answer. The smallest part of a result that can be requested has a few million values. */
const snowflakeJsonLimits: JsonLimits = { depth: 64, values: 6_000_000, containers: 1_000_000 };

const isServicePath = (path: string) => /^\/(session|queries)(\/|$)/.test(path);

interface FailedSnowflakeAnswer {
  readonly status?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** Converts an error to one without a code that the driver would retry. */
const toFinalError = (error: unknown): Error => {
  const { response, code }: { response?: FailedSnowflakeAnswer; code?: unknown } = Object(error);
  if (typeof response?.status === 'number')
    return recordRetryAfter(
      createSnowflakeRefusal({ code: String(response.status) }),
      response.headers?.['retry-after'],
    );
  // Codes of Node's HTTP parser, of its decompression, and of the HTTP client for an answer that is too long.
  if (/^(HPE_|Z_|ERR_BAD_RESPONSE$)/.test(String(code))) return createNotSnowflakeProblem();
  return Object.assign(new Error('no answer', { cause: toNetworkError(error) }), { code: 'ERR_CANCELED' });
};

/** Keeps only Node's own code: the HTTP client's error contains the request, with the password or the token. */
const toNetworkError = (error: unknown): Error => {
  let code: string | undefined;
  let link: unknown = error;
  for (let depth = 0; depth < 8 && link instanceof Error; depth += 1) {
    if (link instanceof Problem) return link;
    code = readNativeCode(link) ?? code;
    link = link.cause;
  }
  return Object.assign(new Error('network error'), { code });
};
