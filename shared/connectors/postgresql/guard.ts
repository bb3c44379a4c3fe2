import type { Socket } from 'node:net';
import { spend, type Allowance } from '../../network/budget.ts';
import { Problem } from '../../problem.ts';
import { createMeter, tooMuch } from '../meter.ts';
import type { Asked } from './logins.ts';
import { tap } from '../tap.ts';

/**
 * Stands between a socket and the driver: follows the framing of what the server sends, and turns what is no PostgreSQL, what is endless
 * and whatever the driver's parser throws into the socket's error. Without it such a throw would end the process: it happens in an event.
 * `askedFor` hears how the server wants us to log in before the driver does, and may throw.
 */
export const guard = (socket: Socket, askedFor: (asked: Asked) => void) => {
  const { see, allow } = follow(askedFor);
  tap(socket, see);
  return { allow };
};

/** No row of a catalogue comes near it; a length beyond it would have the driver gather a gigabyte. */
const longestMessage = 32 * 2 ** 20;

/** What may come before the session is ours: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const beforeLogin = new Set(Buffer.from('RENSKZv'));
/** Lists of fields; one without its end has the driver look for it for ever: https://github.com/brianc/node-postgres/issues/1694 */
const fieldLists = new Set(Buffer.from('EN'));
const authentication = 0x52; // R
const [description, row] = [0x54, 0x44]; // T and D
/** What begins or ends a result. The driver makes an object of every one, and a flight has a few statements. */
const resultMarks = new Set(Buffer.from('TCI'));
const mostMarks = 1000;

const follow = (askedFor: (asked: Asked) => void) => {
  const meter = createMeter();
  let open = false;
  let header: number[] = [];
  let left = 0;
  let body: ReturnType<typeof followList> | undefined;
  let marks: Allowance = { left: mostMarks, spent: foreign };
  const columns = createColumns();

  const begin = (type: number, length: number) => {
    if (length < 4) throw foreign();
    if (length > longestMessage) throw tooMuch();
    header = [];
    left = length - 4;
    if (open && resultMarks.has(type)) spend(marks);
    if (fieldLists.has(type)) body = followList();
    else if (type === description || type === row) body = columns.follow(type === description);
    else body = type === authentication ? followKind(askedFor) : undefined;
    if (left === 0) body?.end();
  };

  const see = (chunk: Buffer) => {
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
      if (header.length === 1 && !open && !beforeLogin.has(type)) throw foreign();
      if (header.length === 5) begin(type, ((a * 256 + b) * 256 + c) * 256 + d);
    }
  };

  /** From the login on: how many bytes more may come. */
  const allow = (bytes: number) => {
    open = true;
    marks = { left: mostMarks, spent: foreign };
    meter.allow(bytes);
  };
  return { see, allow };
};

/** A letter and a text that ends with 0, again and again, and a 0 in place of a letter. */
const followList = () => {
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
      if (!ended) throw foreign();
    },
  };
};

/** The kind of an authentication request, its first four bytes; of a continuation of SASL also how often it has the password hashed. */
const followKind = (askedFor: (asked: Asked) => void) => {
  let head = Buffer.alloc(0);
  return {
    see: (body: Buffer) => {
      head = Buffer.concat([head, body.subarray(0, longestRequest + 1 - head.length)]);
    },
    end: () => {
      if (head.length < 4 || head.length > longestRequest) throw foreign();
      const kind = head.readUInt32BE(0);
      askedFor({
        kind,
        ...(kind === saslContinue && { iterations: iterationsIn(head.toString('latin1', 4)) }),
      });
    },
  };
};

const saslContinue = 11;
/** A nonce, a salt and a number; https://www.rfc-editor.org/rfc/rfc5802#section-7 */
const longestRequest = 8192;

/** The least that is said: whichever of several the driver goes by. */
const iterationsIn = (said: string): number =>
  Math.min(
    ...said.split(',').flatMap((part) => (part.startsWith('i=') ? Number.parseInt(part.slice(2), 10) : [])),
  );

/**
 * A row has as many columns as were described, and no table has more than 1664: https://www.postgresql.org/docs/current/limits.html
 * The driver copies an object of all that were described for every row, however short that is.
 */
const createColumns = () => {
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
          if (count > mostColumns || count !== described) throw foreign();
        },
        end: () => {
          if (head.length < 2) throw foreign();
        },
      };
    },
  };
};

const mostColumns = 1664;

const foreign = () =>
  new Problem('protocol-mismatch', 'Expected PostgreSQL; the server speaks something else');
