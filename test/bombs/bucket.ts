import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen } from '../network/servers.ts';
import type { Bomb, Outcome, Served } from './bomb.ts';

/** A bucket with the hostile object and a healthy one. */
export const objectBomb = (
  kind: Bomb['kind'],
  key: string,
  make: () => Buffer | string,
  outcome: { readonly missing: readonly string[]; readonly columns?: number },
): Bomb => ({
  kind,
  serve: () => serveBucket({ [key]: Buffer.from(make()), 'healthy.csv': Buffer.from('id,name\n1,x\n') }),
  outcome: {
    missing: outcome.missing,
    tables: { 'healthy.csv': 2, ...(outcome.columns !== undefined && { [key]: outcome.columns }) },
  },
});

export const reasons = {
  tooLarge: 'objects-too-large',
  unreadable: 'objects-unreadable',
  cut: 'columns-limited',
  unknownFormat: 'objects-unsupported',
} as const;

/** A server that gives the same answer to every request. */
export const answerBomb = (
  kind: Bomb['kind'],
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  outcome: Outcome,
): Bomb => ({ kind, serve: () => serve(answer), outcome });

const serveBucket = (objects: Readonly<Record<string, Buffer>>): Promise<Served> =>
  serve((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    if (url.searchParams.has('list-type')) {
      response.end(listing(Object.entries(objects).map(([key, { length }]) => [key, length])));
      return;
    }
    const object = objects[decodeURIComponent(url.pathname.split('/').at(-1) ?? '')] ?? Buffer.alloc(0);
    const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const end = Math.min(object.length - 1, to === '' ? Infinity : Number(to));
    const bytes = object.subarray(Number(from), end + 1);
    response.writeHead(206, {
      'content-length': bytes.length,
      'content-range': `bytes ${from}-${end}/${object.length}`,
    });
    response.end(bytes);
  });

export const listing = (keys: readonly (readonly [key: string, size: number])[]): string => {
  const contents = keys.map(([key, size]) => `<Contents><Key>${key}</Key><Size>${size}</Size></Contents>`);
  return `<ListBucketResult><Name>many</Name><KeyCount>${keys.length}</KeyCount>${contents.join('')}</ListBucketResult>`;
};

const serve = async (
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Served> => {
  const server = await listen(
    createServer((request, response) => {
      response.on('error', () => {});
      answer(request, response);
    }),
  );
  return {
    asked: {
      connector: 's3',
      target: {
        config: {
          endpoint: `http://127.0.0.1:${server.port}`,
          region: 'eu-west-1',
          bucket: 'many',
          access_key_id: 'obviously-fake',
        },
        credentials: { auth_method: 'access_key', secret_access_key: 'obviously-fake' },
        options: { ssl_mode: 'disable', query_timeout_seconds: 30 },
        role: 'source',
      },
      tlsSettings: { mode: 'disable' },
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
};

/** Writes the piece `times` times, or until the other side closes the connection. */
export const writeToResponseRepeatedly = (
  response: ServerResponse,
  piece: string | Buffer,
  times = Infinity,
): void => {
  let left = times;
  const more = () => {
    while (left > 0 && !response.destroyed) {
      left -= 1;
      if (!response.write(piece)) break;
    }
    if (left <= 0) response.end();
    else if (!response.destroyed) response.once('drain', more);
  };
  more();
};
