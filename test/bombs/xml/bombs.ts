import type { Format } from '../bomb.ts';
import { answerBomb, listing, writeToResponseRepeatedly } from '../bucket.ts';

const MB = 2 ** 20;
const whole = (text: () => string) => (_: unknown, response: { end(text: string): unknown }) =>
  void response.end(text());

export const format: Format = {
  mostMb: 450,
  bombs: {
    'elements in elements': answerBomb(
      'depth',
      whole(() => '<a>'.repeat(2 * MB)),
      {
        code: 'source-too-large',
      },
    ),
    'elements in elements of an error': answerBomb(
      'depth',
      (_, response) => response.writeHead(403).end('<a>'.repeat(2 * MB)),
      { code: 'source-too-large' },
    ),
    'depth that is hidden in the text of attributes': answerBomb(
      'depth',
      whole(() => '<a b="/>">'.repeat(500_000)),
      { code: 'source-too-large' },
    ),
    'entities of entities': answerBomb(
      'work',
      whole(() => {
        const entities = Array.from(
          { length: 20 },
          (_, at) => `<!ENTITY e${at + 1} "${`&e${at};`.repeat(20)}">`,
        );
        return `<!DOCTYPE a [<!ENTITY e0 "x">${entities.join('')}]><ListBucketResult><Name>&e20;</Name></ListBucketResult>`;
      }),
      { code: 'protocol-mismatch' },
    ),
    'a document type again and again': answerBomb(
      'work',
      whole(() => '<!DOCTYPE a>'.repeat(600_000)),
      {
        code: 'protocol-mismatch',
      },
    ),
    'millions of elements beside each other': answerBomb(
      'work',
      whole(() => `<ListBucketResult>${'<a/>'.repeat(1_900_000)}</ListBucketResult>`),
      { code: 'source-too-large' },
    ),
    'millions of attributes': answerBomb(
      'work',
      whole(() => `<a ${Array.from({ length: 600_000 }, (_, at) => `b${at}=""`).join(' ')}/>`),
      { code: 'source-too-large' },
    ),
    'an answer in pieces of a byte': answerBomb(
      'work',
      ({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
        socket.end(`${'1\r\nx\r\n'.repeat(3_000_000)}0\r\n\r\n`);
      },
      { code: 'protocol-mismatch' },
    ),
    'a listing that claims more and more': answerBomb(
      'claim',
      (_, response) => {
        response.write('<ListBucketResult><Name>');
        writeToResponseRepeatedly(response, Buffer.alloc(2 ** 16, 'x'));
      },
      { code: 'protocol-mismatch' },
    ),
    'keys of a megabyte': answerBomb(
      'claim',
      (_, response) =>
        void response.end(listing(Array.from({ length: 7 }, (_k, at) => [`${at}${'k'.repeat(MB)}`, 1]))),
      { missing: ['object-keys-too-long'] },
    ),
  },
};
