import { randomBytes } from 'node:crypto';
import { framesOf, int32 } from '../recording/frames.ts';
import { decrypted, recordPacket, packetIn, publicPem } from '../recording/mysql.ts';
import { http } from '../recording/http.ts';
import { kafka } from '../recording/kafka.ts';
import type { Protocol } from '../recording/recorder.ts';
import { startScram } from '../recording/scram.ts';
import { schemaRegistry } from '../recording/services.ts';
import { greetingOf, packet, refusal } from './mysql-server.ts';

/** A PostgreSQL server without TLS that asks for the password in one way. */
export const postgresAsking =
  (way: 'cleartext' | 'md5' | 'scram', iterations = 4096): Protocol =>
  async ({ socket, heard, prove }) => {
    const frames = framesOf(socket);
    const startup = async () => frames.bytes((await frames.bytes(4)).readInt32BE(0) - 4);
    const message = async () => {
      const text = String(await frames.bytes((await frames.bytes(5)).readInt32BE(1) - 4));
      heard.texts.push(text);
      return text;
    };
    const ask = (kind: number, more: Buffer | string = '') => {
      const body = Buffer.concat([int32(kind), Buffer.from(more)]);
      socket.write(Buffer.concat([Buffer.from('R'), int32(body.length + 4), body]));
      return message();
    };
    let first = await startup();
    if (first.length === 4) {
      socket.write('N');
      first = await startup();
    }
    heard.texts.push(String(first));
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

/**
 * A MySQL server without TLS that switches to the given plugin, whatever the client sends with the user name.
 */
export const mysqlSwitchingTo =
  (plugin: string): Protocol =>
  async (line) => {
    line.socket.write(greetingOf());
    const frames = framesOf(line.socket);
    let said = await packetIn(frames);
    recordPacket(line, said.body);
    const ask = async (...parts: Parameters<typeof packet>[1][]) => {
      line.socket.write(packet(said.number + 1, ...parts));
      said = await packetIn(frames);
      recordPacket(line, said.body);
    };
    await ask([0xfe], `${plugin}\0`, `${'s'.repeat(20)}\0`);
    // The client asks for a public key.
    if (said.body.length === 1) {
      await ask([1], publicPem());
      decrypted(line, said.body, Buffer.from('s'.repeat(20)));
    }
    line.socket.end(refusal(said.number + 1, 1045));
  };

/**
 * A MySQL server that sends an unusual plugin name. If the name has no terminator, the next packet in the
 * same TCP segment could extend it to another name.
 */
export const mysqlSaying =
  (name: string): Protocol =>
  async (line) => {
    line.socket.write(greetingOf());
    const frames = framesOf(line.socket);
    const { body, number } = await packetIn(frames);
    recordPacket(line, body);
    const answer = body.subarray(body.indexOf(0, 32) + 2);
    line.prove((secret) => secret !== '' && answer.length > 20);
    const next = packet(number + 2, 'x'.repeat(0x64)); // its first byte is a d
    line.socket.write(Buffer.concat([packet(number + 1, [0xfe], name), next]));
    recordPacket(line, (await packetIn(frames)).body);
  };

/** A broker and a registry on one port. The first byte from the client selects one of them. */
export const brokerAndRegistry: Protocol = async (line) => {
  const first = await new Promise<Buffer>((resolve, reject) => {
    line.socket.once('data', resolve).once('close', () => reject(new Error('closed')));
  });
  line.socket.pause();
  line.socket.unshift(first);
  const speaking = (first[0] === 'G'.charCodeAt(0) ? registry : kafka)(line);
  line.socket.resume();
  await speaking;
};
const registry = http(schemaRegistry);
