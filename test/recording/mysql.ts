import { createHash, constants, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { greetingOf, packet, refusal } from '../connectors/mysql-server.ts';
import { framesOf } from './frames.ts';
import type { Frames } from './frames.ts';
import type { Line, Protocol } from './recorder.ts';

/** The challenge that `greetingOf` sends. */
const salt = Buffer.from('saltsaltsaltsaltsalt');
const plugins = {
  clear: 'caching_sha2_password',
  challenge: 'mysql_native_password',
  key: 'caching_sha2_password',
} as const;

/** MySQL: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html */
export const mysql: Protocol = async (first) => {
  let line = first;
  const { tls, asks } = line.behaviour;
  line.socket.write(greetingOf({ tls: tls !== 'off', plugin: plugins[asks] }));
  let frames = framesOf(line.socket);
  let login = await packetIn(frames);
  if (login.body.length === 32) {
    frames.release();
    line = await line.encrypt();
    frames = framesOf(line.socket);
    login = await packetIn(frames);
  }
  recordPacket(line, login.body);
  const answer = answerIn(login.body);
  line.prove((secret) => answer.equals(asks === 'challenge' ? native(secret) : sha2(secret)));
  let number = login.number;
  const ask = async (...parts: Parameters<typeof packet>[1][]) => {
    line.socket.write(packet(number + 1, ...parts));
    const said = await packetIn(frames);
    number = said.number;
    recordPacket(line, said.body);
    return said.body;
  };
  if (asks !== 'challenge') {
    // Full authentication asks for the password in clear, or encrypted with the server's key.
    const asked = await ask([1, 4]);
    if (asked.length === 1) decrypted(line, await ask([1], publicPem()));
    // The second plugin asks for the password in clear.
    if (asks === 'clear') await ask([0xfe], 'mysql_clear_password\0');
  }
  line.socket.end(refusal(number + 1, 1045));
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

export const recordPacket = (line: Line, body: Buffer) => void line.heard.texts.push(body.toString('latin1'));

export const packetIn = async (frames: Frames) => {
  const head = await frames.bytes(4);
  return { number: head.readUInt8(3), body: await frames.bytes(head.readUIntLE(0, 3)) };
};

/** Returns the bytes after the user name in the login packet. */
const answerIn = (body: Buffer): Buffer => {
  const at = body.indexOf(0, 32) + 1;
  return body.subarray(at + 1, at + 1 + (body[at] ?? 0));
};

const digest = (hash: string, ...parts: readonly (string | Buffer)[]) =>
  parts.reduce((made, part) => made.update(part), createHash(hash)).digest();
const xor = (one: Buffer, other: Buffer) =>
  Buffer.from(one.map((byte, at) => byte ^ (other[at % other.length] ?? 0)));

const native = (secret: string) => {
  const once = digest('sha1', secret);
  return xor(once, digest('sha1', salt, digest('sha1', once)));
};
const sha2 = (secret: string) => {
  const once = digest('sha256', secret);
  return xor(once, digest('sha256', digest('sha256', once), salt));
};

let keys: { readonly publicKey: string; readonly privateKey: string } | undefined;
const pair = () =>
  (keys ??= generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }));
export const publicPem = () => pair().publicKey;

export const decrypted = (line: Line, body: Buffer, scramble = salt) => {
  if (body.length !== 256) return;
  const key = { key: pair().privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING };
  line.heard.texts.push(xor(privateDecrypt(key, body), scramble).toString());
};
