import { type AddressInfo, createServer, type Socket } from 'node:net';

/** How the server sends the password back: in an error text, as an error code, in result rows, or in an error text after the login. */
export const echoes = ['text', 'code', 'rows', 'text later'] as const;
export type Echo = (typeof echoes)[number];

/** A hostile PostgreSQL server: it asks for the password in clear text and sends it back in every field that the protocol allows. */
export const startEchoingServer = async () => {
  const sockets = new Set<Socket>();
  const state: { echo: Echo; heard: number } = { echo: 'text', heard: 0 };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    converse(
      socket,
      () => state.echo,
      () => void (state.heard += 1),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // the server listens on a port
  return {
    port,
    will: (echo: Echo) => {
      state.echo = echo;
    },
    /** The number of passwords received. */
    heard: () => state.heard,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
};

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
const converse = (socket: Socket, echo: () => Echo, onPassword: () => void) => {
  let waiting = Buffer.alloc(0);
  let begun = false;
  let heard = '';
  const answerTo = (type: string, payload: Buffer) => {
    if (type === 'p') {
      heard = payload.subarray(0, -1).toString();
      onPassword();
      socket.write(echo() === 'text' || echo() === 'code' ? refusal(heard, echo()) : welcome(heard));
    }
    if (type === 'Q') socket.write(echo() === 'rows' ? rows(heard, payload.toString()) : refusedQuery(heard));
    if (type === 'X') socket.end();
  };
  socket.on('data', (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (;;) {
      const start = begun ? 1 : 0;
      if (waiting.length < start + 4) return;
      const length = start + waiting.readInt32BE(start);
      if (waiting.length < length) return;
      const message = waiting.subarray(0, length);
      waiting = waiting.subarray(length);
      if (begun) answerTo(message.toString('latin1', 0, 1), message.subarray(5));
      else if (message.readInt32BE(4) === tlsAsked) socket.write('N');
      else {
        begun = true;
        socket.write(frame('R', int32(3)));
      }
    }
  });
};

const tlsAsked = 80_877_103;

const refusal = (heard: string, echo: Echo) => error(echo === 'code' ? heard : '28P01', heard);

const refusedQuery = (heard: string) => Buffer.concat([error('42501', heard), ready]);

/** The password in several encodings, in every field of an error. */
const error = (code: string, heard: string) => {
  const bytes = Buffer.from(heard);
  const text = [heard, encodeURIComponent(heard), JSON.stringify(heard), bytes.toString('base64')].join(
    ' | ',
  );
  const fields = {
    S: 'ERROR',
    V: 'ERROR',
    C: code,
    M: `no: ${text}`,
    D: text,
    H: text,
    s: heard,
    t: heard,
    R: heard,
  };
  return frame(
    'E',
    Buffer.concat([...Object.entries(fields).map(([type, value]) => cstring(type + value)), Buffer.alloc(1)]),
  );
};

const welcome = (heard: string) =>
  Buffer.concat([
    frame('R', int32(0)),
    ...['server_version', 'client_encoding', 'TimeZone'].map((name) =>
      frame('S', Buffer.concat([cstring(name), cstring(heard)])),
    ),
    frame('K', Buffer.concat([int32(1), int32(2)])),
    ready,
  ]);

/** One row for each statement of a batch. Every value contains the password. */
const rows = (heard: string, query: string) => {
  const columns = ['name', 'schema', 'server_version', 'member_of', 'unreadable', 'tables'];
  const described = columns.map((name) =>
    Buffer.concat([cstring(name), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)]),
  );
  const value = Buffer.from(`16.4${/show server_version/.test(query) ? '.' : ''}${heard}`);
  const values = columns.map(() => Buffer.concat([int32(value.length), value]));
  const statement = Buffer.concat([
    frame('T', Buffer.concat([int16(columns.length), ...described])),
    frame('D', Buffer.concat([int16(columns.length), ...values])),
    frame('C', cstring('SELECT 1')),
  ]);
  return Buffer.concat([...query.split(';\n').map(() => statement), ready]);
};

const frame = (type: string, payload: Buffer) =>
  Buffer.concat([Buffer.from(type, 'latin1'), int32(payload.length + 4), payload]);
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const int16 = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const cstring = (text: string) => Buffer.from(`${text}\0`);
const ready = frame('Z', Buffer.from('I'));
