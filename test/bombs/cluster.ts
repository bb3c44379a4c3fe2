import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { startKafkaBroker, encodeKafkaTopic } from '../connectors/kafka-broker.ts';
import { listen } from '../network/servers.ts';
import type { ReadRequest, Bomb, Outcome, Served } from './bomb.ts';

/** A schema as the registry returns it, or a function that writes another response. */
export type RegistrySchema =
  | {
      readonly schemaType?: string;
      readonly schema: string;
      readonly references?: readonly object[];
    }
  | ((response: ServerResponse) => void);

/** A topic with the hostile value schema and a topic with a healthy one. `told` returns the schemas of other subjects by name. */
export const schemaBomb = (
  kind: Bomb['kind'],
  make: () => RegistrySchema,
  outcome: { readonly missing: readonly string[]; readonly columns?: number },
  told: (subject: string) => RegistrySchema | undefined = () => undefined,
): Bomb => ({
  kind,
  serve: () => serveSchemas(make(), told),
  outcome: {
    missing: outcome.missing,
    tables: { healthy: 1, ...(outcome.columns !== undefined && { hostile: outcome.columns }) },
  },
});

/** A cluster whose registry gives the same answer to every request. */
export const registryBomb = (
  kind: Bomb['kind'],
  answer: (response: ServerResponse) => void,
  outcome: Outcome,
): Bomb => ({ kind, serve: () => serveRegistry((_, response) => answer(response)), outcome });

/** A broker that replaces some of its answers. */
export const brokerBomb = (
  kind: Bomb['kind'],
  answer: (key: number, asked: Buffer, port: number) => Buffer | undefined,
  outcome: Outcome,
  credentials: ReadRequest['target']['credentials'] = { auth_method: 'none' },
): Bomb => ({
  kind,
  serve: async () => {
    const broker = await startKafkaBroker({ topics: [encodeKafkaTopic('healthy')], answer });
    return {
      asked: askedOf(broker.port, {}, credentials),
      [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
    };
  },
  outcome,
});

const serveSchemas = (
  hostile: RegistrySchema,
  told: (subject: string) => RegistrySchema | undefined,
): Promise<Served> =>
  serveRegistry((path, response) => {
    const subject = /^\/subjects\/([^/]+)\/versions/.exec(path)?.[1];
    if (subject === undefined) {
      response.end(JSON.stringify(['hostile-value', 'healthy-value']));
      return;
    }
    const own: RegistrySchema =
      subject === 'hostile-value'
        ? hostile
        : ((subject === 'healthy-value' ? undefined : told(subject)) ?? {
            schema: '{"type":"record","name":"R","fields":[{"name":"id","type":"int"}]}',
          });
    if (typeof own === 'function') own(response);
    else response.end(JSON.stringify({ subject, version: 1, id: 1, ...own }));
  });

const serveRegistry = async (answer: (path: string, response: ServerResponse) => void): Promise<Served> => {
  const broker = await startKafkaBroker({
    topics: [encodeKafkaTopic('healthy'), encodeKafkaTopic('hostile')],
  });
  const registry = await listen(
    createServer((request, response) => {
      response.on('error', () => {});
      answer(request.url ?? '', response);
    }),
  );
  return {
    asked: askedOf(broker.port, { schema_registry_url: `http://127.0.0.1:${registry.port}` }),
    [Symbol.asyncDispose]: async () => {
      await broker[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
};

const askedOf = (
  port: number,
  config: object,
  credentials: ReadRequest['target']['credentials'] = { auth_method: 'none' },
): ReadRequest => ({
  connector: 'kafka',
  target: {
    config: { bootstrap_servers: `localhost:${port}`, ...config },
    credentials,
    options: { ssl_mode: 'disable', query_timeout_seconds: 30 },
    role: 'source',
  },
  tlsSettings: { mode: 'disable' },
});
