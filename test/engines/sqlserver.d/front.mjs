// What Iridium lacks before SQL Server's door: TLS as every driver speaks it (inside PRELOGIN packets, and TDS 8.0 "strict"),
// several accounts with rights, and the refusals of a real server with their own numbers. Everything else goes to Iridium.
// node front.mjs PORT BACKEND_PORT [CERT KEY]
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';

const [port, backendPort, cert, key] = process.argv.slice(2);
const secureContext = cert && tls.createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) });
const accounts = {
  mooring_admin: 'admin', mooring_reader: 'p@ss:w/rd#1%', mooring_nobody: 'nobody', mooring_locked: 'locked', mooring_expired: 'expired',
  mooring_must_change: 'change', mooring_disabled: 'disabled', mooring_paused: 'paused', mooring_firewall: 'firewall', mooring_busy: 'busy',
  mooring_silent: 'silent', mooring_routed: 'routed', mooring_stalled: 'stalled', mooring_writer: 'writer',
};
/** Iridium knows no rights and says of everybody that he is sysadmin; hence who is what is written into each statement. */
const rights = {
  mooring_admin: { sysadmin: 1, has: () => 1 },
  mooring_writer: { sysadmin: 0, has: () => 1 },
  mooring_nobody: { sysadmin: 0, has: () => 0, blind: true },
};
const asReader = { sysadmin: 0, has: (right) => (right === 'SELECT' ? 1 : 0) };
function asSeenBy(user, sql) {
  const { sysadmin, has, blind } = rights[user] ?? asReader;
  let text = sql.replaceAll(/is_srvrolemember\('sysadmin'\)/gi, String(sysadmin)).replaceAll(/is_member\('(\w+)'\)/gi, (_, role) => (user === 'mooring_writer' && role === 'db_datawriter' ? '1' : '0'));
  for (let at; (at = text.search(/has_perms_by_name\(/i)) >= 0; ) {
    let end = text.indexOf('(', at) + 1;
    for (let depth = 1; depth > 0; end++) depth += text[end] === '(' ? 1 : text[end] === ')' ? -1 : 0;
    const [, , right = ''] = text.slice(at, end).match(/'[^']*'/g)?.map((s) => s.slice(1, -1)).filter((s) => s !== '.').reduce((all, s) => (/^(DATABASE|SCHEMA|OBJECT)$/.test(s) ? ['', s] : [...all, s]), []) ?? [];
    text = text.slice(0, at) + has(right) + text.slice(end);
  }
  // The server hides what an account has no right to at all.
  return blind ? text.replaceAll(/sys\.objects o\b/g, '(select * from sys.objects where 1 = 0) o') : text;
}
const databases = ['', 'master', 'tempdb', 'model', 'msdb', 'shop', 'iridium_sql'];

// Numbers, severities and texts: learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors
const refusals = {
  mooring_locked: (u) => [18486, 14, `Login failed for user '${u}' because the account is currently locked out. The system administrator can unlock it.`],
  mooring_expired: (u) => [18487, 14, `Login failed for user '${u}'.  Reason: The password of the account has expired.`],
  mooring_must_change: (u) => [18488, 14, `Login failed for user '${u}'.  Reason: The password of the account must be changed.`],
  mooring_disabled: (u) => [18470, 14, `Login failed for user '${u}'. Reason: The account is disabled.`],
  mooring_paused: (u, d) => [40613, 17, `Database '${d}' on server 'localhost' is not currently available.  Please retry the connection later.`],
  mooring_firewall: () => [40615, 14, `Cannot open server 'localhost' requested by the login. Client with IP address '127.0.0.1' is not allowed to access the server.`],
  mooring_busy: () => [10928, 16, 'Resource ID : 1. The request limit for the database is 30 and has been reached.'],
};

const PRELOGIN = 0x12, LOGIN7 = 0x10, RESPONSE = 0x04, ENDS = 1;
const packet = (type, body) => {
  const header = Buffer.from([type, ENDS, 0, 0, 0, 0, 1, 0]);
  header.writeUInt16BE(8 + body.length, 2);
  return Buffer.concat([header, body]);
};
const ucs2 = (s, lengthBytes) => {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntLE(s.length, 0, lengthBytes);
  return Buffer.concat([length, Buffer.from(s, 'utf16le')]);
};
const token = (type, body) => {
  const head = Buffer.from([type, 0, 0]);
  head.writeUInt16LE(body.length, 1);
  return Buffer.concat([head, body]);
};
const error = ([number, severity, text], state = 1) => {
  const n = Buffer.alloc(6);
  n.writeInt32LE(number);
  n.writeUInt8(state, 4);
  n.writeUInt8(severity, 5);
  return token(0xaa, Buffer.concat([n, ucs2(text, 2), ucs2('localhost', 1), ucs2('', 1), Buffer.from([1, 0, 0, 0])]));
};
const done = (status) => Buffer.from([0xfd, status, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/** Whole TDS messages out of a stream, one at a time; `rest` is what came after. */
class Reader {
  constructor(stream) {
    this.stream = stream;
    this.rest = Buffer.alloc(0);
    this.parts = [];
  }
  async message() {
    for (;;) {
      const length = this.rest.length >= 8 ? this.rest.readUInt16BE(2) : Infinity;
      if (this.rest.length >= length) {
        const [type, status] = this.rest;
        this.parts.push(this.rest.subarray(8, length));
        this.rest = this.rest.subarray(length);
        if (status & ENDS) return { type, body: Buffer.concat(this.parts.splice(0)) };
        continue;
      }
      const chunk = this.stream.read() ?? (await new Promise((resolve, reject) => {
        this.stream.once('readable', () => resolve(this.stream.read()));
        this.stream.once('close', () => reject(new Error('closed')));
      }));
      if (chunk) this.rest = Buffer.concat([this.rest, chunk]);
    }
  }
}

/** The stream under a TLS handshake that travels inside PRELOGIN packets and, once the client sends bare TLS records, without them. */
function wrapped(socket, first) {
  let input = first, bare = false, out = [];
  const flush = () => { if (out.length) socket.write(packet(PRELOGIN, Buffer.concat(out.splice(0)))); };
  const stream = new Duplex({
    read() {},
    write(chunk, _, next) {
      if (bare) return socket.write(chunk, next);
      out.push(chunk);
      setImmediate(flush); // a flight is one message: the client answers each message with one of its own
      next();
    },
    final(next) { socket.end(next); },
  });
  const take = (chunk) => {
    input = Buffer.concat([input, chunk]);
    while (!bare && input.length >= 8) {
      if (input[0] !== PRELOGIN) { bare = true; break; }
      const length = input.readUInt16BE(2);
      if (input.length < length) return;
      stream.push(input.subarray(8, length));
      input = input.subarray(length);
    }
    if (bare && input.length) { stream.push(input); input = Buffer.alloc(0); }
  };
  socket.on('data', take).resume();
  socket.on('close', () => stream.destroy());
  stream.on('error', () => socket.destroy());
  return stream;
}
const secured = (stream, options) => new Promise((resolve, reject) => {
  const server = new tls.TLSSocket(stream, { isServer: true, secureContext, ...options });
  server.once('secure', () => resolve(server));
  server.once('error', reject);
});

const ENCRYPT = { off: 0, on: 1, unsupported: 2, required: 3 };
/** VERSION 16.0.1000, the ENCRYPTION that this server answers, no instance, no MARS. */
const prelogin = (encryption) => packet(RESPONSE, Buffer.from([
  0, 0, 21, 0, 6, 1, 0, 27, 0, 1, 2, 0, 28, 0, 1, 4, 0, 29, 0, 1, 0xff, 16, 0, 0x03, 0xe8, 0, 0, encryption, 0, 0]));

function login(body) {
  const text = (at) => body.subarray(body.readUInt16LE(at), body.readUInt16LE(at) + 2 * body.readUInt16LE(at + 2));
  const password = Buffer.from(text(44).map((b) => { const x = b ^ 0xa5; return ((x << 4) | (x >> 4)) & 0xff; }));
  return { user: text(40).toString('utf16le'), password: password.toString('utf16le'), database: text(68).toString('utf16le') };
}
/** Azure SQL's gateway sends the client to another host: a client must judge that address as it judged the first. */
function routing(host, to) {
  const target = Buffer.concat([Buffer.from([0, to & 255, to >> 8]), ucs2(host, 2)]);
  const size = Buffer.from([target.length & 255, target.length >> 8]);
  const ack = token(0xad, Buffer.concat([Buffer.from([1, 0x74, 0, 0, 4]), ucs2('Microsoft SQL Server', 1), Buffer.from([16, 0, 3, 0xe8])]));
  return Buffer.concat([ack, token(0xe3, Buffer.concat([Buffer.from([20]), size, target, Buffer.from([0, 0])])), done(0)]);
}

async function serve(socket) {
  let stream = socket, reader = new Reader(socket);
  const first = await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  if (first[0] === 0x16) { // TDS 8.0: TLS first
    if (!secureContext) return socket.destroy();
    socket.unshift(first);
    stream = await secured(socket, { ALPNProtocols: ['tds/8.0'] });
    if (process.env.FORCE_STRICT && stream.alpnProtocol !== 'tds/8.0') return stream.destroy();
    reader = new Reader(stream);
  } else if (process.env.FORCE_STRICT) return socket.destroy(); // as "Force Strict Encryption" does
  else reader.rest = first;
  const hello = await reader.message();
  const wanted = optionOf(hello.body, 1);
  const bare = stream === socket;
  // A client that has no encryption is let in unless the server forces it, which is not the default.
  const clear = !secureContext || (wanted === ENCRYPT.unsupported && !process.env.FORCE_ENCRYPTION);
  stream.write(prelogin(!bare ? ENCRYPT.off : clear ? ENCRYPT.unsupported : wanted === ENCRYPT.on ? ENCRYPT.on : ENCRYPT.required));
  if (bare && !clear) {
    stream = await secured(wrapped(socket, reader.rest), { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    reader = new Reader(stream);
  }
  const request = await reader.message();
  if (request.type !== LOGIN7) return socket.destroy();
  const { user, password, database } = login(request.body);
  const refuse = (...errors) => stream.end(packet(RESPONSE, Buffer.concat([...errors.map((e) => error(e)), done(2)])));
  const failed = [18456, 14, `Login failed for user '${user}'.`];
  if (accounts[user] !== password) return refuse(failed);
  if (refusals[user]) return refuse(refusals[user](user, database));
  if (!databases.includes(database)) return refuse([4060, 11, `Cannot open database "${database}" requested by the login. The login failed.`], failed);
  if (user === 'mooring_silent') return;
  if (user === 'mooring_routed') return stream.write(packet(RESPONSE, routing('127.0.0.1', 1)));

  const backend = connect(Number(backendPort), '127.0.0.1');
  backend.on('error', () => stream.destroy());
  stream.on('error', () => backend.destroy());
  backend.on('close', () => stream.end());
  stream.on('close', () => backend.destroy());
  backend.write(packet(PRELOGIN, Buffer.from([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 16, 0, 0, 0, 0, 0, ENCRYPT.unsupported])));
  const answers = new Reader(backend);
  await answers.message();
  backend.write(packet(LOGIN7, request.body));
  if (answers.rest.length) stream.write(answers.rest);
  backend.pipe(stream);
  for (;;) {
    const { type, body } = await reader.message();
    if (type !== BATCH) { backend.write(packets(type, body)); continue; }
    const headers = body.subarray(0, body.readUInt32LE(0));
    const sql = body.subarray(headers.length).toString('utf16le');
    if (user === 'mooring_stalled' && sql.includes('sys.columns')) continue; // never answers
    backend.write(packets(type, Buffer.concat([headers, Buffer.from(asSeenBy(user, sql), 'utf16le')])));
  }
}
const BATCH = 0x01;
function packets(type, body) {
  const parts = [];
  for (let at = 0; at === 0 || at < body.length; at += 4000) {
    const part = packet(type, body.subarray(at, at + 4000));
    if (at + 4000 < body.length) part[1] = 0;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
function optionOf(body, wanted) {
  for (let at = 0; body[at] !== 0xff && at < body.length; at += 5) if (body[at] === wanted) return body[body.readUInt16BE(at + 1)];
  return undefined;
}

createServer((socket) => {
  socket.on('error', () => {});
  serve(socket).catch(() => socket.destroy());
}).listen(Number(port), '127.0.0.1');
