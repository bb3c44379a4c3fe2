import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { deliverBatch } from '../../../functions/deliver.ts';
import type { SendOptions } from '../../../shared/domain/webhooks/send-request.ts';
import { type DeliverableEvent, queueDeliveries } from '../../../shared/domain/webhooks/queue-deliveries.ts';
import type { EgressPolicy } from '../../../shared/network/egress.ts';
import type { DeliveryMessage, QueuedMessage } from '../../../shared/ports/queue.ts';
import { startApi, type Body } from '../../api.ts';
import { listen } from '../../network/servers.ts';

type ApiOptions = NonNullable<Parameters<typeof startApi>[0]> & {
  readonly send?: Omit<SendOptions, 'policy'>;
};

export const webhookKey = 'sk_webhooks_of_the_tests';

/** A webhook as the API answers it. */
export interface WebhookBody extends Body {
  readonly url: string;
  readonly types: readonly string[];
  readonly tags: readonly string[] | null;
  readonly description: string | null;
  readonly enabled: boolean;
  readonly disabled_at: string | null;
  readonly disabled_reason: string | null;
  readonly failing_since: string | null;
  readonly previous_secret_expires_at: string | null;
  readonly secret: string;
}

const localPolicy: EgressPolicy = { loopback: true, webhooks: { loopback: true } };

/** The API with a key that may manage webhooks, whose receivers may be on this machine, and the function that delivers. */
export const startWebhookApi = async ({ policy = localPolicy, send, ...options }: ApiOptions = {}) => {
  const queued: QueuedMessage<DeliveryMessage>[] = [];
  const sendDeliveries = async (messages: readonly QueuedMessage<DeliveryMessage>[]) =>
    void queued.push(...messages);
  const api = await startApi({ policy, sendDeliveries, ...options });
  const scopes = ['connections:read', 'connections:write', 'connections:test', 'webhooks:write'];
  await api.addKey(webhookKey, { org: 'org_test', scopes });
  const ask = async (
    request: string,
    body?: unknown,
    more: { key?: string; headers?: Record<string, string> } = {},
  ) => api.call(request, { key: webhookKey, ...(body !== undefined && { body }), ...more });
  const create = async (fields: Readonly<Record<string, unknown>> = {}) => {
    const body = { url: 'https://hooks.example.com/secret-path', types: ['*'], ...fields };
    return (await ask('POST /v1/webhooks', body)).body as WebhookBody;
  };
  /** Handles messages as one batch. Returns those that the queue would deliver again, each with its seconds. */
  const deliver = async (messages: readonly DeliveryMessage[]) => {
    const postponed = new Map<string, number>();
    const records = messages.map((message, at) => ({
      messageId: String(at),
      receiptHandle: String(at),
      body: JSON.stringify(message),
    }));
    const { batchItemFailures: failures } = await deliverBatch({ Records: records }, api.runtime, {
      egress: policy,
      random: () => 0,
      ...(send && { send }),
      postpone: async ({ messageId }, seconds) => void postponed.set(messageId, seconds),
    });
    return failures.map(({ itemIdentifier: id }) => ({
      message: messages[Number(id)],
      seconds: postponed.get(id),
    }));
  };
  return {
    ...api,
    ask,
    create,
    publishChanges: api.publish,
    deliver,
    queued,
    publish: (...events: readonly DeliverableEvent[]) =>
      queueDeliveries(api.store, { sendDeliveries }, events),
    takeQueued: () => queued.splice(0),
    /** Delivers what is queued now. Returns what was postponed. */
    deliverQueued: () => deliver(queued.splice(0).map(({ message }) => message)),
    listDeliveries: async (id: string) => (await ask(`GET /v1/webhooks/${id}/deliveries`)).body.data,
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
};

let events = 0;

/** An event of a connection, as `publish` sends it. */
export const makeEvent = ({
  type = 'connection.tested',
  connection = 'a'.repeat(32),
  tags = [] as readonly string[],
  at = Date.now(),
  org = 'org_test',
} = {}): DeliverableEvent => ({
  id: `evt_${String((events += 1)).padStart(32, '0')}`,
  type,
  timestamp: new Date(at).toISOString(),
  org_id: org,
  environment_id: 'default',
  data: { connection: { id: `conn_${connection}`, tags, name: 'orders' } } as DeliverableEvent['data'],
});

export interface ReceivedRequest {
  readonly id: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly path: string;
}

type Answer = (response: ServerResponse, request: ReceivedRequest) => void;

/** A receiver on this machine that keeps what it gets. */
export const startReceiver = async (answer: Answer = (response) => void response.writeHead(204).end()) => {
  const received: ReceivedRequest[] = [];
  const current = { answer };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const got = {
        id: String(request.headers['webhook-id']),
        headers: request.headers,
        body: Buffer.concat(parts).toString(),
        path: request.url ?? '',
      };
      received.push(got);
      current.answer(response, got);
    });
  });
  const running = await listen(server);
  return {
    url: `http://127.0.0.1:${running.port}/in`,
    received,
    current,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
};

/** Throws if the signature is not that of this secret. */
export const verifyRequest = ({ body, headers }: ReceivedRequest, secret: string): unknown =>
  new Webhook(secret).verify(body, headers as Record<string, string>);
