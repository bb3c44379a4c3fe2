import { type createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import { fromTheFirstByte, type Line, type Protocol } from './recorder.ts';

/** The exports of the scripted listener's modules, which are JavaScript. */
interface Packets {
  readonly packets: (stream: AsyncIterable<Buffer>) => AsyncGenerator<Packet, void, 'large' | undefined>;
  readonly accept: () => Buffer;
  readonly redirect: (address: string) => Buffer;
  readonly data: (answer: Buffer) => Buffer;
}
interface Packet {
  readonly type: number;
  readonly body: Buffer;
}
interface Calls {
  readonly readCall: (
    body: Buffer,
    bindsOf: () => number,
  ) => { readonly code: number; readonly values?: Readonly<Record<string, string>> };
  readonly LOGON_FIRST: number;
}
interface Writes {
  readonly failure: (error: readonly [number, string]) => Buffer;
  readonly pairs: (list: readonly (readonly [string, string, number?])[]) => Buffer;
}
interface Greetings {
  readonly protocol: Buffer;
  readonly dataTypes: Buffer;
}

const load = async <T>(name: string): Promise<T> => {
  const module: T = await import(`../engines/oracle.d/${name}.mjs`);
  return module;
};

/**
 * A listener that may redirect, and a database that authenticates with O5LOGON and the 12c verifier.
 * `keyBytes` is the length of its session key.
 */
export const oracleWith = (keyBytes: number): Protocol =>
  fromTheFirstByte((line) => converse(line, keyBytes));

export const oracle: Protocol = oracleWith(32);

const converse = async (line: Line, keyBytes: number) => {
  const [wire, greetings, calls, writes] = await Promise.all([
    load<Packets>('packets'),
    load<Greetings>('logon'),
    load<Calls>('ttc-read'),
    load<Writes>('ttc-write'),
  ]);
  const { socket, behaviour, heard } = line;
  const input = wire.packets(socket.iterator({ destroyOnReturn: false }));
  await using closing = new AsyncDisposableStack();
  closing.defer(async () => void (await input.return()));
  const { value: first } = await input.next();
  if (!first) return;
  heard.texts.push(first.body.toString('latin1'));
  if (behaviour.announces !== undefined) {
    line.announce(behaviour.announces);
    const protocol = behaviour.tls === 'off' ? 'tcp' : 'tcps';
    const address = `(ADDRESS=(PROTOCOL=${protocol})(HOST=localhost)(PORT=${behaviour.announces}))`;
    return void socket.end(wire.redirect(`(DESCRIPTION=${address})`));
  }
  socket.write(wire.accept());
  const logon = startLogon(keyBytes);
  for (let mode: 'large' | undefined = 'large'; ; mode = undefined) {
    const { value: packet } = await input.next(mode);
    if (!packet) return;
    if (packet.type !== 6 || packet.body.length === 2) continue;
    const body = packet.body.subarray(2);
    heard.texts.push(body.toString('latin1'));
    if (body[0] === 1 || body[0] === 2) {
      socket.write(wire.data(body[0] === 1 ? greetings.protocol : greetings.dataTypes));
      continue;
    }
    const { code, values = {} } = calls.readCall(body, () => 0);
    if (code === calls.LOGON_FIRST) socket.write(wire.data(writes.pairs(logon.challenge)));
    else {
      answer(line, logon, values);
      return void socket.end(wire.data(writes.failure([1017, 'invalid username/password; logon denied'])));
    }
  }
};

const answer = (
  line: Line,
  logon: ReturnType<typeof startLogon>,
  values: Readonly<Record<string, string>>,
) => {
  line.heard.texts.push(...Object.values(values), logon.passwordOfNoKey(values));
  line.prove((secret) => {
    const plain = logon.passwordIn(values, secret);
    return plain === secret;
  });
};

const aes = (create: typeof createCipheriv | typeof createDecipheriv, key: Buffer, value: Buffer) => {
  const cipher = create('aes-256-cbc', key, Buffer.alloc(16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(value), cipher.final()]);
};
const hex = (bytes: Buffer) => bytes.toString('hex').toUpperCase();

/**
 * Starts a logon with a random challenge. Only the right password decrypts it to the client's session key,
 * which encrypts the password that is sent.
 */
const startLogon = (keyBytes: number) => {
  const [salt, session, mix] = [randomBytes(16), randomBytes(keyBytes), randomBytes(16)];
  const decrypted = (combined: Buffer, sent = '') => {
    const plain = aes(createDecipheriv, combined, Buffer.from(sent, 'hex'));
    return plain.subarray(16, plain.length - (plain.at(-1) ?? 0)).toString();
  };
  const challenge = [
    ['AUTH_SESSKEY', hex(session)],
    ['AUTH_VFR_DATA', hex(salt), 0x4815],
    ['AUTH_PBKDF2_CSK_SALT', hex(mix)],
    ['AUTH_PBKDF2_VGEN_COUNT', '4096'],
    ['AUTH_PBKDF2_SDER_COUNT', '3'],
  ] as const;
  return {
    challenge,
    passwordIn: (values: Readonly<Record<string, string>>, secret: string): string | undefined => {
      const speedy = Buffer.concat([salt, Buffer.from('AUTH_PBKDF2_SPEEDY_KEY')]);
      const passwordKey = pbkdf2Sync(secret, speedy, 4096, 64, 'sha512');
      const verifier = createHash('sha512').update(passwordKey).update(salt).digest().subarray(0, 32);
      const serverKey = aes(createDecipheriv, verifier, session);
      const clientKey = aes(createDecipheriv, verifier, Buffer.from(values['AUTH_SESSKEY'] ?? '', 'hex'));
      const both = hex(Buffer.concat([clientKey.subarray(0, 32), serverKey]));
      const combined = pbkdf2Sync(both, mix, 3, 32, 'sha512');
      return decrypted(combined, values['AUTH_PASSWORD']);
    },
    /** Returns what a server without a session key can decrypt, if the driver's session key is empty too. */
    passwordOfNoKey: (values: Readonly<Record<string, string>>): string =>
      decrypted(pbkdf2Sync('', mix, 3, 32, 'sha512'), values['AUTH_PASSWORD']),
  };
};
