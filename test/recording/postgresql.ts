import { createHash, randomBytes } from 'node:crypto';
import { framesOf, int32 } from './frames.ts';
import type { Frames } from './frames.ts';
import type { Line, Protocol } from './recorder.ts';
import { startScram } from './scram.ts';

/** PostgreSQL and Redshift: https://www.postgresql.org/docs/current/protocol-message-formats.html */
export const postgresql: Protocol = async (first) => {
  let line = first;
  let frames = framesOf(line.socket);
  let startup = await startupIn(frames);
  if (startup.readInt32BE(0) === tlsAsked) {
    const agrees = line.behaviour.tls !== 'off';
    if (agrees) frames.release();
    line.socket.write(agrees ? 'S' : 'N');
    if (agrees) {
      line = await line.encrypt();
      frames = framesOf(line.socket);
    }
    startup = await startupIn(frames);
  }
  line.heard.texts.push(startup.toString());
  const user = /user\0([^\0]*)/.exec(startup.toString())?.[1] ?? '';
  await (line.behaviour.asks === 'clear' ? askInClear : challenge)(line, frames, user);
  line.socket.end(frame('E', Buffer.from('SFATAL\0C28P01\0Mno\0\0')));
};

/** A PostgreSQL server without TLS that asks for the password in one way. */
export const postgresqlAsking =
  (way: 'cleartext' | 'md5' | 'scram', iterations = 4096): Protocol =>
  async ({ socket, heard, prove }) => {
    const frames = framesOf(socket);
    const ask = async (kind: number, more: Buffer | string = '') => {
      socket.write(frame('R', Buffer.concat([int32(kind), Buffer.from(more)])));
      const answer = (await messageIn(frames)).toString();
      heard.texts.push(answer);
      return answer;
    };
    let startup = await startupIn(frames);
    if (startup.readInt32BE(0) === tlsAsked) {
      socket.write('N');
      startup = await startupIn(frames);
    }
    heard.texts.push(startup.toString());
    if (way === 'cleartext') await ask(3);
    else if (way === 'md5') {
      const answer = await ask(5, randomBytes(4));
      prove(() => answer.startsWith('md5'));
    } else {
      const initial = await ask(10, 'SCRAM-SHA-256\0\0');
      const scram = startScram('sha256', initial.slice(initial.indexOf('\0') + 5), { iterations });
      prove(scram.proofIn(await ask(11, scram.serverFirst)));
    }
    socket.destroy();
  };

const tlsAsked = 80_877_103;

const askInClear: Ask = async (line, frames) => {
  line.socket.write(frame('R', int32(3)));
  line.heard.texts.push((await messageIn(frames)).toString());
};

type Ask = (line: Line, frames: Frames, user: string) => Promise<void>;

/** Chooses MD5 or SCRAM at random. */
const challenge: Ask = async (line, frames, user) => {
  const salt = randomBytes(4);
  if ((salt[0] ?? 0) % 2 === 0) {
    line.socket.write(frame('R', Buffer.concat([int32(5), salt])));
    const answer = (await messageIn(frames)).toString();
    line.heard.texts.push(answer);
    const md5 = (...parts: readonly (string | Buffer)[]) =>
      parts.reduce((hash, part) => hash.update(part), createHash('md5')).digest('hex');
    line.prove((secret) => answer.startsWith(`md5${md5(md5(secret, user), salt)}`));
    return;
  }
  line.socket.write(frame('R', Buffer.concat([int32(10), Buffer.from('SCRAM-SHA-256\0\0')])));
  const initial = (await messageIn(frames)).toString();
  line.heard.texts.push(initial);
  const scram = startScram('sha256', initial.slice(initial.indexOf('\0') + 5));
  line.socket.write(frame('R', Buffer.concat([int32(11), Buffer.from(scram.serverFirst)])));
  const final = (await messageIn(frames)).toString();
  line.heard.texts.push(final);
  line.prove(scram.proofIn(final));
};

const startupIn = async (frames: Frames): Promise<Buffer> =>
  frames.bytes((await frames.bytes(4)).readInt32BE(0) - 4);

const messageIn = async (frames: Frames): Promise<Buffer> => {
  const head = await frames.bytes(5);
  return frames.bytes(head.readInt32BE(1) - 4);
};

const frame = (type: string, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from(type), int32(payload.length + 4), payload]);
