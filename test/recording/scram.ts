import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { Proof } from './recorder.ts';

/** The server's side of SCRAM (RFC 5802), for a server that does not know the password. */
export const startScram = (
  hash: 'sha1' | 'sha256' | 'sha512',
  clientFirst: string,
  { iterations = 4096 } = {},
) => {
  const bare = clientFirst.replace(/^[^,]*,[^,]*,/, '');
  const nonce = /r=([^,]*)/.exec(bare)?.[1] ?? '';
  const salt = randomBytes(16);
  const serverFirst = `r=${nonce}${randomBytes(9).toString('base64')},s=${salt.toString('base64')},i=${iterations}`;
  const length = createHash(hash).digest().length;
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
  const messageOf = (clientFinal: string) =>
    `${bare},${serverFirst},${clientFinal.slice(0, clientFinal.lastIndexOf(',p='))}`;
  const salted = (password: string) => pbkdf2Sync(password, salt, iterations, length, hash);
  return {
    serverFirst,
    /** `prepare` converts the secret to the password that the protocol uses. */
    proofIn:
      (clientFinal: string, prepare: (secret: string) => string = (secret) => secret): Proof =>
      (secret) => {
        const clientKey = hmac(salted(prepare(secret)), 'Client Key');
        const signature = hmac(createHash(hash).update(clientKey).digest(), messageOf(clientFinal));
        const proof = Buffer.from(/,p=([^,]*)$/.exec(clientFinal)?.[1] ?? '', 'base64');
        return proof.equals(Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0))));
      },
    serverFinal: (clientFinal: string, password: string) =>
      `v=${hmac(hmac(salted(password), 'Server Key'), messageOf(clientFinal)).toString('base64')}`,
  };
};
