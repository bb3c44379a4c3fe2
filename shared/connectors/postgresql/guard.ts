import type { Socket } from 'node:net';
import { spendAllowance, type ReadAllowance } from '../../network/budget.ts';
import { Problem } from '../../problem.ts';
import { createByteMeter, createEndlessAnswerProblem } from '../reading/byte-meter.ts';
import type { AuthenticationRequest } from './logins.ts';
import { interceptSocketData } from '../reading/intercept-socket-data.ts';

/**
 * Checks the data of the server before the driver parses it: reads the framing, and destroys the socket with an error if the data is not
 * PostgreSQL, is too large, or makes the parser of the driver throw. Such an error would otherwise crash the process, because it is thrown
 * in an event handler. `onAuthenticationRequest` receives each authentication request before the driver does, and may throw.
 */
export const guardPostgresqlSocket = (
  socket: Socket,
  onAuthenticationRequest: (asked: AuthenticationRequest) => void,
) => {
  const { see, allow } = createPostgresqlFrameReader(onAuthenticationRequest);
  interceptSocketData(socket, see);
  return { allow };
};

/** Far more than any row of a catalog. A larger length would make the driver buffer up to 1 GB. */
const MAX_POSTGRESQL_MESSAGE_BYTES = 32 * 2 ** 20;

/** Message types that may arrive before the login is complete: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const messagesBeforeLogin = new Set(Buffer.from('RENSKZv'));
/** Messages that are lists of fields. Without a terminator the driver loops forever: https://github.com/brianc/node-postgres/issues/1694 */
const fieldListMessages = new Set(Buffer.from('EN'));
const AUTHENTICATION_MESSAGE = 0x52; // R
const [ROW_DESCRIPTION_MESSAGE, DATA_ROW_MESSAGE] = [0x54, 0x44]; // T and D
/** Messages that start or end a result. The driver creates an object for each, and a batch has only a few statements. */
const resultBoundaryMessages = new Set(Buffer.from('TCI'));
const MAX_RESULT_BOUNDARIES = 1000;

const createPostgresqlFrameReader = (onAuthenticationRequest: (asked: AuthenticationRequest) => void) => {
  const meter = createByteMeter();
  let open = false;
  let header: number[] = [];
  let left = 0;
  let body: ReturnType<typeof createFieldListReader> | undefined;
  let marks: ReadAllowance = { left: MAX_RESULT_BOUNDARIES, spent: createNotPostgresqlProblem };
  const columns = createColumnCountReader();

  const begin = (type: number, length: number) => {
    if (length < 4) throw createNotPostgresqlProblem();
    if (length > MAX_POSTGRESQL_MESSAGE_BYTES) throw createEndlessAnswerProblem();
    header = [];
    left = length - 4;
    if (open && resultBoundaryMessages.has(type)) spendAllowance(marks);
    if (fieldListMessages.has(type)) body = createFieldListReader();
    else if (type === ROW_DESCRIPTION_MESSAGE || type === DATA_ROW_MESSAGE)
      body = columns.follow(type === ROW_DESCRIPTION_MESSAGE);
    else
      body =
        type === AUTHENTICATION_MESSAGE ? createAuthenticationReader(onAuthenticationRequest) : undefined;
    if (left === 0) body?.end();
  };

  const inspect = (chunk: Buffer) => {
    meter.count(chunk);
    for (let at = 0; at < chunk.length;) {
      if (left > 0) {
        const piece = chunk.subarray(at, at + left);
        body?.see(piece);
        left -= piece.length;
        at += piece.length;
        if (left === 0) body?.end();
        continue;
      }
      header.push(chunk.readUInt8(at++));
      const [type = 0, a = 0, b = 0, c = 0, d = 0] = header;
      if (header.length === 1 && !open && !messagesBeforeLogin.has(type)) throw createNotPostgresqlProblem();
      if (header.length === 5) begin(type, ((a * 256 + b) * 256 + c) * 256 + d);
    }
  };

  /** Marks the login as complete and sets how many more bytes the server may send. */
  const allow = (bytes: number) => {
    open = true;
    marks = { left: MAX_RESULT_BOUNDARIES, spent: createNotPostgresqlProblem };
    meter.allow(bytes);
  };
  return { see: inspect, allow };
};

/** Reads a repeated letter and NUL-terminated text, with NUL in place of a letter at the end. */
const createFieldListReader = () => {
  let inText = false;
  let ended = false;
  return {
    see: (body: Buffer) => {
      for (let at = 0; at < body.length && !ended; at++) {
        const zero = body[at] === 0;
        ended = zero && !inText;
        inText = !zero;
      }
    },
    end: () => {
      if (!ended) throw createNotPostgresqlProblem();
    },
  };
};

/** Reads the kind of an authentication request (its first 4 bytes), and the iteration count of a SASL continuation. */
const createAuthenticationReader = (onAuthenticationRequest: (asked: AuthenticationRequest) => void) => {
  let head = Buffer.alloc(0);
  return {
    see: (body: Buffer) => {
      head = Buffer.concat([head, body.subarray(0, MAX_AUTHENTICATION_BYTES + 1 - head.length)]);
    },
    end: () => {
      if (head.length < 4 || head.length > MAX_AUTHENTICATION_BYTES) throw createNotPostgresqlProblem();
      const kind = head.readUInt32BE(0);
      onAuthenticationRequest({
        kind,
        ...(kind === SASL_CONTINUE_REQUEST && {
          iterations: parsePostgresqlIterations(head.toString('latin1', 4)),
        }),
      });
    },
  };
};

const SASL_CONTINUE_REQUEST = 11;
/** Enough for a nonce, a salt and a number: https://www.rfc-editor.org/rfc/rfc5802#section-7 */
const MAX_AUTHENTICATION_BYTES = 8192;

/** Returns the lowest count, because it is unknown which of several counts the driver uses. */
const parsePostgresqlIterations = (attributes: string): number =>
  Math.min(
    ...attributes
      .split(',')
      .flatMap((part) => (part.startsWith('i=') ? Number.parseInt(part.slice(2), 10) : [])),
  );

/**
 * A row has as many columns as its description, and at most 1664: https://www.postgresql.org/docs/current/limits.html
 * The driver copies an object with all described columns for every row, even for a short row.
 */
const createColumnCountReader = () => {
  let described = 0;
  return {
    follow: (isDescription: boolean) => {
      const head: number[] = [];
      return {
        see: (body: Buffer) => {
          if (head.length === 2) return;
          head.push(...body.subarray(0, 2 - head.length));
          if (head.length < 2) return;
          const [high = 0, low = 0] = head;
          const count = high * 256 + low;
          if (isDescription) described = count;
          if (count > MAX_POSTGRESQL_COLUMNS || count !== described) throw createNotPostgresqlProblem();
        },
        end: () => {
          if (head.length < 2) throw createNotPostgresqlProblem();
        },
      };
    },
  };
};

const MAX_POSTGRESQL_COLUMNS = 1664;

const createNotPostgresqlProblem = () =>
  new Problem('protocol-mismatch', 'Expected the wire protocol of PostgreSQL');
