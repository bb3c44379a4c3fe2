import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tryParseJson } from '../../shared/json.ts';

const RECEIVER_PORT = 8788;
const MAX_BODY_BYTES = 256 * 1024;
const MAX_CLOCK_SKEW_SECONDS = 300;

/** `npm run receiver -- whsec_…`: a receiver of webhooks on this machine, which verifies each request and prints a line for it. */
export const startReceiverCommand = (): void => {
  const secrets = process.argv.slice(2);
  if (secrets.length === 0 || secrets.some((secret) => !/^whsec_[\w+/]+=*$/.test(secret))) {
    process.stderr.write(
      'npm run receiver -- SECRET: expected the secret of a webhook, whsec_…, or several of them\n',
    );
    process.exitCode = 1;
    return;
  }
  const server = createWebhookReceiver(() => secrets);
  const port = Number(process.env['RECEIVER_PORT'] ?? RECEIVER_PORT);
  server.listen(port, '127.0.0.1', () => {
    const { port: taken = port } = Object(server.address()) as { port?: number };
    process.stdout.write(`Receives webhooks at http://127.0.0.1:${taken}/. Ctrl+C ends it.\n`);
  });
};

/** A server that verifies each request with one of these secrets and prints a line for it. */
export const createWebhookReceiver = (
  listSecrets: () => readonly string[],
  print: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
): Server =>
  createServer((request, response) => {
    handleWebhook(request, response, { secrets: listSecrets(), print }).catch(() => response.destroy());
  });

const handleWebhook = async (
  request: IncomingMessage,
  response: ServerResponse,
  { secrets, print }: { readonly secrets: readonly string[]; readonly print: (line: string) => void },
): Promise<void> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) return void response.writeHead(413).end();
    parts.push(part);
  }
  const body = Buffer.concat(parts).toString();
  const isVerified = secrets.some((secret) => isSignedWith(secret, request, body));
  response.writeHead(isVerified ? 204 : 401).end();
  print(isVerified ? renderReceivedEvent(body) : 'refused: the signature is wrong');
};

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#verifying-signatures */
const isSignedWith = (secret: string, { headers }: IncomingMessage, body: string): boolean => {
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) =>
    String(headers[`webhook-${name}`] ?? ''),
  );
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > MAX_CLOCK_SKEW_SECONDS) return false;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  return (signatures ?? '').split(' ').some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ''), 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
};

/** `10:00:05 connection.status_changed orders: connected → failed (authentication-failed)`. */
const renderReceivedEvent = (body: string): string => {
  const {
    type,
    timestamp,
    data = {},
  } = Object(tryParseJson(body)) as {
    readonly type?: string;
    readonly timestamp?: string;
    readonly data?: ReceivedData;
  };
  const words = [String(timestamp).slice(11, 19), String(type), data.connection?.name];
  const change = data.to === undefined ? undefined : `${data.from ?? 'new'} → ${data.to}`;
  const test = data.test && `${data.test.status}${data.test.code ? ` (${data.test.code})` : ''}`;
  const code = data.code ? `(${data.code})` : undefined;
  return [...words, change, code, test].filter((word) => word !== undefined).join(' ');
};

interface ReceivedData {
  readonly connection?: { readonly name?: string };
  readonly from?: string | null;
  readonly to?: string;
  readonly code?: string | null;
  readonly test?: { readonly status?: string; readonly code?: string | null };
}

if (import.meta.main) startReceiverCommand();
