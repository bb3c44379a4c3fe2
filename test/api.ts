import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import * as v from 'valibot';
import { endpoint as notFound } from '../functions/not-found.ts';
import { createDirectProbe } from '../shared/runtime/direct-probe.ts';
import { openFileVault } from '../shared/adapters/local/file-vault.ts';
import type { Runtime } from '../shared/runtime/runtime.ts';
import { createSqliteStore } from '../shared/adapters/local/sqlite-store.ts';
import type { PublishedEvent } from '../shared/domain/events/event-types.ts';
import { publishChanges } from '../shared/domain/events/publish-changes.ts';
import { tableKeys } from '../shared/domain/table-keys.ts';
import { readConnection } from '../shared/domain/connections/stored-connection.ts';
import { runQueuedTest } from '../shared/domain/testing/queued-tests.ts';
import type { Tenant } from '../shared/domain/access/tenant.ts';
import { createHandler } from '../shared/http/handler.ts';
import { openFileSigningKeys } from '../shared/adapters/local/file-signing-keys.ts';
import { createLog } from '../shared/log.ts';
import type { EgressPolicy } from '../shared/network/egress.ts';
import type { Clock } from '../shared/ports/clock.ts';
import type { Probe } from '../shared/ports/probe.ts';
import type { Store } from '../shared/ports/store.ts';
import type { Queue, QueuedMessage, TestMessage } from '../shared/ports/queue.ts';
import type { Timer } from '../shared/ports/timer.ts';
import type { Vault } from '../shared/ports/vault.ts';
import { DeploymentSettings } from '../shared/settings.ts';
import { loadRoutes } from '../infra/build/load-routes.ts';
import { createAnswerChecker, type CheckAnswer } from './infra/answers.ts';

interface Options {
  readonly clock?: () => number;
  readonly timer?: Timer;
  readonly policy?: EgressPolicy;
  readonly settings?: Partial<DeploymentSettings>;
  /** Replaces the in-process probe. A function builds the replacement from the real probe and its parts. */
  readonly probe?: Probe | ((parts: ProbeParts) => Probe);
  readonly sendDeliveries?: Queue['sendDeliveries'];
  /** Replaces the in-memory store and the vault in a temporary folder. */
  readonly backing?: { readonly store: Store; readonly vault: Vault };
}

export interface ProbeParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly real: Probe;
}

interface Call {
  readonly body?: unknown;
  /** Sent verbatim instead of `body`. */
  readonly text?: string;
  /** Sent in base64, as API Gateway passes a body that it considers binary. */
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: Body;
}

/** The fields that tests read. Each test knows which of them its answer has. */
export interface Body {
  readonly id: string;
  readonly name: string;
  readonly code: string;
  readonly version: number;
  readonly errors: readonly { readonly path: string; readonly expected: string }[];
  readonly steps: readonly { readonly step: string; readonly status: string; readonly code?: string }[];
  readonly data: readonly Body[];
  readonly next_cursor: string | null;
  readonly credentials: {
    readonly auth_method: string;
    readonly version: number;
    readonly locked: boolean;
    readonly fields: Readonly<Record<string, { readonly set_at: string; readonly fingerprint: string }>>;
  };
  readonly [other: string]: unknown;
}

/** The status, the problem code and the field error paths of an answer. */
export const summarizeRefusal = ({ status, body }: ApiAnswer) => [
  status,
  body.code,
  ...(body.errors ?? []).map(({ path }) => path),
];

let checker: Promise<CheckAnswer> | undefined;

/**
 * The whole API in one process, without a network: real endpoints, rules and probe over an in-memory store. Every answer is checked against
 * the OpenAPI document.
 */
export const startApi = async ({
  clock = Date.now,
  timer,
  policy = { loopback: true },
  settings,
  probe,
  backing,
  sendDeliveries = () => Promise.resolve(),
}: Options = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-api-'));
  const outbox = createSqliteStore({
    path: ':memory:',
    clock,
    outbox: ({ sk }) => /^(CONN|GONE|HOOK)#/.test(sk),
  });
  const store: Store = backing?.store ?? outbox;
  const vault = backing?.vault ?? (await openFileVault({ folder, clock }));
  const logged: string[] = [];
  const writeLog = (line: string) => void logged.push(line);
  const vantage = { region: null, vpc_id: null, egress_ips: [] };
  // Each call has its own log, as each invocation has on AWS: secrets that one call hides are not hidden in another.
  const perCall = () =>
    createDirectProbe({ store, vault, policy, vantage, clock, log: createLog({}, writeLog) });
  const real: Probe = {
    test: (call) => perCall().test(call),
    introspect: (call, wait) => perCall().introspect(call, wait),
    credentials: (call) => perCall().credentials(call),
  };
  const queued: TestMessage[] = [];
  const published: PublishedEvent[] = [];
  const ports = {
    store,
    vault,
    probe: typeof probe === 'function' ? probe({ store, clock, real }) : (probe ?? real),
    bus: {
      put: (events: readonly PublishedEvent[]) => {
        published.push(...events);
        return Promise.resolve();
      },
    },
    queue: {
      sendTests: (messages: readonly QueuedMessage<TestMessage>[]) => {
        queued.push(...messages.map(({ message }) => message));
        return Promise.resolve();
      },
      sendDeliveries,
    },
    signing: await openFileSigningKeys(join(folder, 'webhook-keys')),
    documents: { openapi: () => Promise.resolve('{}'), page: () => Promise.resolve('<html></html>') },
  };
  const runtime: Runtime = {
    clock,
    ...(timer && { timer }),
    settings: v.parse(DeploymentSettings, { egress: policy, ...settings }),
    writeLog,
    ports: () => Promise.resolve(ports),
  };
  const routes = (await loadRoutes(runtime.settings.apis)).map(({ key, method, path, endpoint }) => ({
    key,
    method,
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
    handler: createHandler(endpoint, () => runtime),
  }));
  const fallback = createHandler(notFound, () => runtime);
  const check = await (checker ??= createAnswerChecker());

  const key = 'sk_test_of_the_whole_api';
  const addKey = async (secret: string, record: Readonly<Record<string, unknown>>) =>
    store.write([{ put: { ...tableKeys.apiKey(secret), id: `key_${secret.slice(3, 8)}`, ...record } }]);
  await addKey(key, { org: 'org_test' });

  const call = async (
    request: string,
    { body, text, bytes, headers, key: secret = key }: Call = {},
  ): Promise<ApiAnswer> => {
    const [method = 'GET', target = '/'] = request.split(' ');
    const [path = '/', query = ''] = target.split('?');
    // A malformed escape matches no parameter, as on the local server.
    const fitting = routes.filter(
      (candidate) => candidate.pattern.test(path) && candidate.method === method && isDecodable(path),
    );
    // A literal segment takes precedence over a parameter, as in API Gateway.
    const route = fitting.find(({ key: name }) => !name.includes('{')) ?? fitting[0];
    const sent = bytes
      ? Buffer.from(bytes).toString('base64')
      : (text ?? (body === undefined ? undefined : JSON.stringify(body)));
    const event = {
      routeKey: route?.key ?? '$default',
      rawPath: path,
      rawQueryString: query,
      headers: {
        ...(secret !== '' && { authorization: `Bearer ${secret}` }),
        ...(sent !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      pathParameters: Object.fromEntries(
        Object.entries(route?.pattern.exec(path)?.groups ?? {}).map(([name, value]) => [
          name,
          decodeURIComponent(value),
        ]),
      ),
      body: sent,
      isBase64Encoded: bytes !== undefined,
      requestContext: { requestId: randomUUID(), http: { method, path } },
    } as unknown as APIGatewayProxyEventV2; // API Gateway sends more fields, which no handler reads
    const answer = await (route?.handler ?? fallback)(event, {} as Context);
    const answered = {
      status: answer.statusCode ?? 0,
      headers: answer.headers as Record<string, string>,
      text: answer.body ?? '',
    };
    check({ key: route?.key, method, path, settings: runtime.settings }, answered);
    return {
      ...answered,
      body: answered.text.startsWith('{') ? JSON.parse(answered.text) : {},
    };
  };

  /** The stored connection, deleted or not. */
  const stored = async (id: string, tenant: Tenant = { org: 'org_test', environment: 'default' }) => {
    const item =
      (await store.get(tableKeys.connection(tenant, id.slice(5)))) ??
      (await store.get(tableKeys.deleted(tenant, id.slice(5))));
    return item && readConnection(item);
  };

  /** Publishes the pending changes. Returns their events and takes the tests that they request, and all others, out of the queue. */
  const publish = async () => {
    const changes = outbox.events(undefined, 1000);
    const log = createLog({ function: 'publish' }, writeLog);
    const refused = await publishChanges({ ...ports, parking: undefined, now: clock(), log }, changes);
    if (refused !== undefined) throw new Error('expected every change to be published');
    const last = changes.at(-1);
    if (last) outbox.ack(last.id);
    return { events: published.splice(0), tests: queued.splice(0) };
  };
  const makeTest = (message: TestMessage) =>
    runQueuedTest({ store, probe: ports.probe, limits: runtime.settings, now: clock() }, message);

  return {
    call,
    runtime,
    addKey,
    stored,
    /** The vault document of a connection. */
    secretOf: async (id: string) => {
      const found = await stored(id);
      if (!found || !('name' in found.secret)) throw new Error('expected a connection with a secret of ours');
      const { org_id: org, environment_id: environment } = found;
      return vault.read(found.secret, { org, environment, id: found.id });
    },
    store,
    vault,
    probe: ports.probe,
    queue: ports.queue,
    settings: runtime.settings,
    /** The messages of the queue of tests. Only `publish` and `settle` take them out. */
    queued,
    folder,
    logged,
    publish,
    makeTest,
    /** Publishes the pending changes and runs the tests that they request. */
    settle: async () => {
      const { events, tests } = await publish();
      for (const message of tests) await makeTest(message);
      return { events, tests };
    },
    [Symbol.asyncDispose]: async () => {
      outbox.close();
      await rm(folder, { recursive: true, force: true });
      for (const line of logged)
        if ((JSON.parse(line) as { message: unknown }).message === '')
          throw new Error('A line of the log has an empty message');
    },
  };
};

export type Api = Awaited<ReturnType<typeof startApi>>;

const isDecodable = (path: string): boolean => {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
};
