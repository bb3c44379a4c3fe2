import { tryParseJson } from '../../json.ts';
import { Problem } from '../../problem.ts';
import { isResultStorageHost } from './account.ts';

/** How the service refuses a request. */
export interface SnowflakeRefusal {
  /** The service's own code, or the HTTP status of the answer. */
  readonly code: string;
  readonly sqlState?: string;
}

/** Attaches the refusal, to find it in the error that the driver throws. `ERR_CANCELED` is the only code that the driver never retries. */
export const createSnowflakeRefusal = (refusal: SnowflakeRefusal): Error =>
  Object.assign(new Error(`refused with ${refusal.code}`), { code: 'ERR_CANCELED', refusal });

export const findSnowflakeRefusal = (error: unknown): SnowflakeRefusal | undefined => {
  const { refusal }: { refusal?: unknown } = Object(error);
  const { code, sqlState }: Partial<Record<keyof SnowflakeRefusal, unknown>> = Object(refusal);
  if (typeof code !== 'string') return undefined;
  return { code, ...(typeof sqlState === 'string' && { sqlState }) };
};

export const createNotSnowflakeProblem = () =>
  new Problem('protocol-mismatch', 'Expected the API of Snowflake');

/**
 * Reduces an answer to known fields of the types that the driver expects. The driver trusts a server: with session parameters that persist
 * into the next connection, with URLs to which it sends the session's token, and with another statement to run.
 */
export const sanitizeSnowflakeAnswer = (path: string, origin: string, text: unknown): object => {
  const body = parseSnowflakeAnswer(text);
  if (body['success'] !== true) {
    const { sqlState } = toSnowflakeFields(body['data']);
    throw createSnowflakeRefusal({
      code: toSnowflakeCode(body['code']),
      ...(typeof sqlState === 'string' && { sqlState }),
    });
  }
  const data = toSnowflakeFields(body['data']);
  if (path.startsWith('/session/v1/login-request')) return { success: true, data: sanitizeLogin(data) };
  if (path.startsWith('/queries/')) {
    const code = toSnowflakeCode(body['code']);
    return inProgressCodes.has(code)
      ? { success: true, code, data: sanitizePending(data) }
      : { success: true, data: sanitizeResult(data, origin) };
  }
  return { success: true, data: {} };
};

const sanitizeLogin = ({ token, masterToken, sessionId }: SnowflakeFields) => {
  if (typeof token !== 'string' || !isHeaderValue(token)) throw createNotSnowflakeProblem();
  return {
    token,
    masterToken: typeof masterToken === 'string' && isHeaderValue(masterToken) ? masterToken : token,
    sessionId: typeof sessionId === 'number' ? sessionId : 0,
    validityInSeconds: TOKEN_VALIDITY_SECONDS,
    masterValidityInSeconds: TOKEN_VALIDITY_SECONDS,
    parameters: [],
  };
};

const isHeaderValue = (text: string) => /^[!-~]{1,8192}$/.test(text);

/** A session ends long before its tokens expire. */
const TOKEN_VALIDITY_SECONDS = 3600;

/** Codes to poll for the result: https://github.com/snowflakedb/snowflake-connector-nodejs/blob/master/lib/connection/statement.js */
const inProgressCodes: ReadonlySet<string> = new Set(['333333', '333334']);

/** Accepts only a path on the same host: other text could change the host of the URL. */
const sanitizePending = ({ getResultUrl, queryId }: SnowflakeFields) => {
  if (
    typeof getResultUrl !== 'string' ||
    !/^\/queries\/[\w-]{1,100}\/result[\w?&=-]{0,100}$/.test(getResultUrl)
  )
    throw createNotSnowflakeProblem();
  return { getResultUrl, queryId: typeof queryId === 'string' ? queryId : '' };
};

const sanitizeResult = (
  { rowtype, rowset, total, queryId, chunks, chunkHeaders, qrmk }: SnowflakeFields,
  origin: string,
) => {
  if (!Array.isArray(rowtype) || !Array.isArray(rowset) || rowtype.length > 1000)
    throw createNotSnowflakeProblem();
  const columns = rowtype.map((column) => toTextColumn(toSnowflakeFields(column)['name']));
  for (const row of rowset)
    if (!Array.isArray(row) || row.length !== columns.length) throw createNotSnowflakeProblem();
  const parts = Array.isArray(chunks)
    ? chunks.map((chunk) => sanitizeChunk(toSnowflakeFields(chunk), origin))
    : [];
  const count = rowset.length + parts.reduce((rows, { rowCount }) => rows + rowCount, 0);
  return {
    rowtype: columns,
    rowset,
    total: typeof total === 'number' ? total : count,
    returned: count,
    queryId: typeof queryId === 'string' && /^[\w-]{1,100}$/.test(queryId) ? queryId : 'unnamed',
    parameters: [],
    ...(parts.length > 0 && { chunks: parts }),
    ...(typeof qrmk === 'string' && isHeaderValue(qrmk) && { qrmk }),
    ...(typeof chunkHeaders === 'object' &&
      chunkHeaders !== null && { chunkHeaders: sanitizeChunkHeaders(chunkHeaders) }),
  };
};

/** Declares each column as the text that is sent: the driver then rounds no numbers, and reports no loss of digits. */
const toTextColumn = (name: unknown) => {
  if (typeof name !== 'string') throw createNotSnowflakeProblem();
  return { name, type: 'text', nullable: true, scale: 0, precision: 0, length: 0, byteLength: 0 };
};

const sanitizeChunk = ({ url, rowCount }: SnowflakeFields, origin: string) => {
  if (typeof url !== 'string' || typeof rowCount !== 'number' || !(rowCount >= 0 && rowCount <= 1e7))
    throw createNotSnowflakeProblem();
  const at = URL.parse(url);
  if (
    at?.origin !== origin &&
    !(at?.protocol === 'https:' && at.port === '' && isResultStorageHost(at.hostname))
  )
    throw new Problem('host-forbidden');
  return { url, rowCount, uncompressedSize: 0, compressedSize: 0 };
};

/** Keeps the headers that give access to one result, and none that concern the connection. */
const sanitizeChunkHeaders = (sent: object) =>
  Object.fromEntries(
    Object.entries(sent).filter(
      ([name, value]) =>
        /^x-(amz|ms|goog)-[a-z-]{1,80}$/i.test(name) && typeof value === 'string' && isHeaderValue(value),
    ),
  );

type SnowflakeFields = Readonly<Record<string, unknown>>;

const toSnowflakeFields = (value: unknown): SnowflakeFields =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};

const parseSnowflakeAnswer = (text: unknown): SnowflakeFields => {
  const body = toSnowflakeFields(tryParseJson(String(text)));
  if (!Object.hasOwn(body, 'success')) throw createNotSnowflakeProblem();
  return body;
};

const toSnowflakeCode = (code: unknown) => (/^[0-9A-Z]{1,12}$/.test(String(code)) ? String(code) : 'refused');
