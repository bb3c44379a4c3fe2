import { jsonOf } from '../../json.ts';
import { Problem } from '../../problem.ts';
import { isStore } from './account.ts';

/** How the service refuses a request. */
export interface Refusal {
  /** The service's own code, or the HTTP status of the answer. */
  readonly code: string;
  readonly sqlState?: string;
}

/** Attaches the refusal, to find it in the error that the driver throws. `ERR_CANCELED` is the only code that the driver never retries. */
export const refused = (refusal: Refusal): Error =>
  Object.assign(new Error(`refused with ${refusal.code}`), { code: 'ERR_CANCELED', refusal });

export const refusalIn = (error: unknown): Refusal | undefined => {
  const { refusal }: { refusal?: unknown } = Object(error);
  const { code, sqlState }: Partial<Record<keyof Refusal, unknown>> = Object(refusal);
  if (typeof code !== 'string') return undefined;
  return { code, ...(typeof sqlState === 'string' && { sqlState }) };
};

export const foreign = () =>
  new Problem('protocol-mismatch', 'Expected Snowflake; the server speaks something else');

/**
 * Reduces an answer to known fields of the types that the driver expects. The driver trusts a server: with session parameters that persist
 * into the next connection, with URLs to which it sends the session's token, and with another statement to run.
 */
export const answerOf = (path: string, origin: string, text: unknown): object => {
  const body = parsed(text);
  if (body['success'] !== true) {
    const { sqlState } = fields(body['data']);
    throw refused({ code: nativeOf(body['code']), ...(typeof sqlState === 'string' && { sqlState }) });
  }
  const data = fields(body['data']);
  if (path.startsWith('/session/v1/login-request')) return { success: true, data: login(data) };
  if (path.startsWith('/queries/')) {
    const code = nativeOf(body['code']);
    return inProgress.has(code)
      ? { success: true, code, data: waiting(data) }
      : { success: true, data: result(data, origin) };
  }
  return { success: true, data: {} };
};

const login = ({ token, masterToken, sessionId }: Fields) => {
  if (typeof token !== 'string' || !isHeader(token)) throw foreign();
  return {
    token,
    masterToken: typeof masterToken === 'string' && isHeader(masterToken) ? masterToken : token,
    sessionId: typeof sessionId === 'number' ? sessionId : 0,
    validityInSeconds: longest,
    masterValidityInSeconds: longest,
    parameters: [],
  };
};

const isHeader = (text: string) => /^[!-~]{1,8192}$/.test(text);

/** A session ends long before its tokens expire. */
const longest = 3600;

/** Codes to poll for the result: https://github.com/snowflakedb/snowflake-connector-nodejs/blob/master/lib/connection/statement.js */
const inProgress: ReadonlySet<string> = new Set(['333333', '333334']);

/** Accepts only a path on the same host: other text could change the host of the URL. */
const waiting = ({ getResultUrl, queryId }: Fields) => {
  if (
    typeof getResultUrl !== 'string' ||
    !/^\/queries\/[\w-]{1,100}\/result[\w?&=-]{0,100}$/.test(getResultUrl)
  )
    throw foreign();
  return { getResultUrl, queryId: typeof queryId === 'string' ? queryId : '' };
};

const result = ({ rowtype, rowset, total, queryId, chunks, chunkHeaders, qrmk }: Fields, origin: string) => {
  if (!Array.isArray(rowtype) || !Array.isArray(rowset) || rowtype.length > 1000) throw foreign();
  const columns = rowtype.map((column) => textColumn(fields(column)['name']));
  for (const row of rowset) if (!Array.isArray(row) || row.length !== columns.length) throw foreign();
  const parts = Array.isArray(chunks) ? chunks.map((chunk) => chunkOf(fields(chunk), origin)) : [];
  const count = rowset.length + parts.reduce((rows, { rowCount }) => rows + rowCount, 0);
  return {
    rowtype: columns,
    rowset,
    total: typeof total === 'number' ? total : count,
    returned: count,
    queryId: typeof queryId === 'string' && /^[\w-]{1,100}$/.test(queryId) ? queryId : 'unnamed',
    parameters: [],
    ...(parts.length > 0 && { chunks: parts }),
    ...(typeof qrmk === 'string' && isHeader(qrmk) && { qrmk }),
    ...(typeof chunkHeaders === 'object' && chunkHeaders !== null && { chunkHeaders: headers(chunkHeaders) }),
  };
};

/** Declares each column as the text that is sent: the driver then rounds no numbers, and reports no loss of digits. */
const textColumn = (name: unknown) => {
  if (typeof name !== 'string') throw foreign();
  return { name, type: 'text', nullable: true, scale: 0, precision: 0, length: 0, byteLength: 0 };
};

const chunkOf = ({ url, rowCount }: Fields, origin: string) => {
  if (typeof url !== 'string' || typeof rowCount !== 'number' || !(rowCount >= 0 && rowCount <= 1e7))
    throw foreign();
  const at = URL.parse(url);
  if (at?.origin !== origin && !(at?.protocol === 'https:' && at.port === '' && isStore(at.hostname)))
    throw new Problem('host-forbidden');
  return { url, rowCount, uncompressedSize: 0, compressedSize: 0 };
};

/** Keeps the headers that give access to one result, and none that concern the connection. */
const headers = (sent: object) =>
  Object.fromEntries(
    Object.entries(sent).filter(
      ([name, value]) =>
        /^x-(amz|ms|goog)-[a-z-]{1,80}$/i.test(name) && typeof value === 'string' && isHeader(value),
    ),
  );

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};

const parsed = (text: unknown): Fields => {
  const body = fields(jsonOf(String(text)));
  if (!Object.hasOwn(body, 'success')) throw foreign();
  return body;
};

const nativeOf = (code: unknown) => (/^[0-9A-Z]{1,12}$/.test(String(code)) ? String(code) : 'refused');
