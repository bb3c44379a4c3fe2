import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { demoDatabase } from './demo-data.ts';
import { createWebhookReceiver } from './receiver.ts';
import { resolveStateFolder } from './state-folder.ts';

const help = `npm run tour -- watch | break | repair     beside a running npm start

  watch    receives the webhooks of the local server and prints a line for each, until Ctrl-C
  break    changes the password of the demo database's account, and tests the connection
  repair   restores the password, and tests the connection again

The first command of npm start registers the connection. PORT and MOORING_STATE are those of the server.`;

/** The tour in the README: what happens when a connection breaks. */
const runTour = async (): Promise<void> => {
  const { positionals } = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean' } } });
  const steps: Readonly<Record<string, (server: TourServer) => Promise<void>>> = {
    watch: watchWebhooks,
    break: (server) => changePassword(server, randomBytes(18).toString('base64url')),
    repair: (server) => changePassword(server, server.password),
  };
  const step = Object.hasOwn(steps, positionals[0] ?? '') ? steps[positionals[0] ?? ''] : undefined;
  if (!step) return void process.stdout.write(`${help}\n`);
  await step(await openTourServer());
};

interface TourServer {
  /** Sends a request to the local server. Throws a sentence if it is refused. */
  readonly call: (request: string, body?: object) => Promise<Readonly<Record<string, unknown>>>;
  /** The account of the connection, and its first password. */
  readonly password: string;
  readonly database: pg.ClientConfig;
}

const openTourServer = async (): Promise<TourServer> => {
  const folder = resolveStateFolder(process.env['MOORING_STATE']);
  const read = async (name: string): Promise<unknown> => {
    try {
      return JSON.parse(await readFile(join(folder, name), 'utf8'));
    } catch {
      throw new Error(
        `The state folder ${folder} has no ${name}: start the server with npm start, with its demo database`,
      );
    }
  };
  const demo = (await read('demo.json')) as {
    readonly port: number;
    readonly admin: string;
    readonly reader: string;
  }; // written by `openDemo`
  const key = process.env['MOORING_API_KEY'] ?? String(await read('api-key'));
  const address = `http://localhost:${process.env['PORT'] ?? '8787'}`;
  return {
    call: async (request, body) => {
      const [method = '', path = ''] = request.split(' ');
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const sent = { method, headers, ...(body && { body: JSON.stringify(body) }) };
      const answer = await fetch(`${address}${path}`, sent).catch(() => {
        throw new Error(`No server answers at ${address}: run npm start, or set PORT`);
      });
      const text = await answer.text();
      const parsed = text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>);
      if (!answer.ok) throw new Error(`${request}: ${String(parsed['detail'])}`);
      return parsed;
    },
    password: demo.reader,
    database: {
      host: '127.0.0.1',
      port: demo.port,
      user: 'postgres',
      password: demo.admin,
      database: demoDatabase,
    },
  };
};

/** Registers a webhook for a receiver in this process, and deletes it at the end. */
const watchWebhooks = async ({ call }: TourServer): Promise<void> => {
  let secret: string | undefined;
  const receiver = createWebhookReceiver(() => (secret === undefined ? [] : [secret]));
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = Object(receiver.address()) as { readonly port: number }; // a TCP server that listens
  const webhook = await call('POST /v1/webhooks', {
    url: `http://127.0.0.1:${port}/`,
    types: ['connection.created', 'connection.status_changed'],
    description: 'The tour',
  });
  secret = String(webhook['secret']);
  print('Waiting for webhooks; Ctrl-C ends it. In another terminal: npm run tour -- break');
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await call(`DELETE /v1/webhooks/${String(webhook['id'])}`);
  receiver.closeAllConnections();
  receiver.close();
};

const changePassword = async ({ call, database }: TourServer, password: string): Promise<void> => {
  const page = await call('GET /v1/connections?limit=1&name_prefix=demo');
  const [connection] = page['data'] as readonly { readonly id: string; readonly name: string }[]; // the API's own schema
  if (!connection)
    throw new Error('No connection has the name demo: run the first command that npm start printed');
  const client = new pg.Client(database);
  await client.connect();
  try {
    await client.query(`alter role demo_reader password ${client.escapeLiteral(password)}`);
  } finally {
    await client.end();
  }
  const result = await call(`POST /v1/connections/${connection.id}/test`);
  const { code, error } = result['details'] as { readonly code?: string; readonly error?: string }; // the API's own schema
  const reason = code === undefined ? '' : ` (${code}): ${error}`;
  print(`${connection.name}: ${String(result['status'])}${reason}`);
};

const print = (line: string) => void process.stdout.write(`${line}\n`);

if (import.meta.main)
  await runTour().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
