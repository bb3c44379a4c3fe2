import { createHash } from 'node:crypto';
import { Binary, BSON } from 'mongodb';
import { hello, opMsg, opReply } from '../connectors/mongodb-server.ts';
import { framesOf } from './frames.ts';
import { fromTheFirstByte, type Line, type Protocol } from './recorder.ts';
import { startScram } from './scram.ts';

type Document = Readonly<Record<string, unknown>>;
type Scram = ReturnType<typeof startScram>;

/**
 * A member of a replica set that announces other members:
 * https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
 */
export const mongodb: Protocol = fromTheFirstByte(async (line) => {
  const frames = framesOf(line.socket);
  let scram: { readonly of: Scram; readonly hash: 'sha1' | 'sha256'; readonly user: string } | undefined;
  for (;;) {
    const length = await frames.bytes(4);
    const rest = await frames.bytes(length.readInt32LE(0) - 4);
    const old = rest.readInt32LE(8) === 2004;
    const at = old ? rest.indexOf(0, 16) + 9 : 17;
    const command: Document = BSON.deserialize(rest.subarray(at));
    const payload = textOf(command['payload']);
    line.heard.texts.push(rest.toString('latin1'), payload);
    const answer = (said: Document) => void line.socket.write(old ? opReply(said) : opMsg(said));
    if ('saslStart' in command) {
      if (!String(command['mechanism']).startsWith('SCRAM')) break;
      const hash = command['mechanism'] === 'SCRAM-SHA-1' ? 'sha1' : 'sha256';
      const user = /n=([^,]*)/.exec(payload)?.[1] ?? '';
      scram = { of: startScram(hash, payload), hash, user };
      answer(step(scram.of.serverFirst));
    } else if ('saslContinue' in command && scram) {
      const { hash, user } = scram;
      line.prove(
        scram.of.proofIn(payload, (secret) =>
          hash === 'sha1' ? createHash('md5').update(`${user}:mongo:${secret}`).digest('hex') : secret,
        ),
      );
      answer({ ok: 0, code: 18, codeName: 'AuthenticationFailed', errmsg: 'no' });
    } else if ('hello' in command || 'ismaster' in command || 'isMaster' in command) {
      answer(greeting(line));
    } else break;
  }
  line.socket.destroy();
});

/** A server that asks for the password in clear offers only PLAIN, the mechanism for LDAP. */
const greeting = ({ behaviour: { asks, announces } }: Line): Document => ({
  ...hello,
  ismaster: true,
  saslSupportedMechs: asks === 'clear' ? ['PLAIN'] : ['SCRAM-SHA-256', 'SCRAM-SHA-1'],
  ...(announces !== undefined && {
    setName: 'rs',
    hosts: [`localhost:${announces}`],
    me: `localhost:${announces}`,
    primary: `localhost:${announces}`,
  }),
});

const step = (text: string) => ({
  ok: 1,
  conversationId: 1,
  done: false,
  payload: new Binary(Buffer.from(text)),
});

const textOf = (payload: unknown): string =>
  payload instanceof Binary ? Buffer.from(payload.buffer).toString('latin1') : '';
