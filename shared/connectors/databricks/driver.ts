import type { Dialer } from '../../network/dialer.ts';
import { httpAgent } from '../../network/http-agent.ts';
import { Problem } from '../../problem.ts';
import { checkThrift } from './check-thrift.ts';
import { logins } from './logins.ts';
import { retry } from './retry.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

type Driver = Awaited<ReturnType<typeof loadDriver>>;

/** Separate from the connection, because loading takes long enough to look like a slow server. */
export const loadDriver = async () => (await import('@databricks/sql')).default;

/** Opens a session over the dialer only. The driver retries nothing, follows no redirects and fetches no results from other hosts. */
export const connectDriver = async (
  { DBSQLClient }: Driver,
  dialer: Dialer,
  { host, port, path }: Address,
  { token, limitMs, schema, catalog, configuration }: Login,
) => {
  const client = new DBSQLClient({ logger: { log: () => {} } });
  client.on('error', () => {});
  const agent = httpAgent(dialer, { secure: true, login: logins.token, keepAlive: true });
  await using closing = new AsyncDisposableStack();
  closing.defer(() => agent.destroy());
  // No Arrow and no compression: they would be two more parsers of foreign bytes.
  Object.assign(client.getConfig(), { arrowEnabled: false, useLZ4Compression: false, useCloudFetch: false });
  guard(client, agent);
  await client.connect({
    host,
    port,
    path,
    token,
    userAgentEntry: 'mooring',
    retryMaxAttempts: 1,
    retriesTimeout: limitMs,
    telemetryEnabled: false,
  });
  const first = {
    configuration,
    ...(catalog !== undefined && { initialCatalog: catalog }),
    ...(schema !== undefined && { initialSchema: schema }),
  };
  const session = await retry(() => client.openSession(first), dialer.signal);
  const open = closing.move();
  return {
    session,
    [Symbol.asyncDispose]: async () => {
      await client.close().catch(() => {}); // fails if the session is gone already
      await open.disposeAsync();
    },
  };
};

interface Login {
  readonly token: string;
  readonly limitMs: number;
  readonly catalog: string | undefined;
  readonly schema: string | undefined;
  /** The settings that the session is opened with. */
  readonly configuration: Record<string, string>;
}

/** The private members of the driver that are changed, because it has no options for them. */
interface Insides {
  createConnectionProvider: (options: unknown) => Provider;
}
interface Provider {
  agent?: unknown;
  getThriftConnection: () => Promise<Connection>;
}
interface Transport {
  readonly inBuf: Buffer;
  readonly readCursor: number;
  readonly writeCursor: number;
}
interface Connection {
  config: object;
  client?: { readonly _reqs: Readonly<Record<string, unknown>> };
  handleThriftResponse: (transport: Transport) => void;
}

const longestAnswer = 64 * 2 ** 20;

const guard = (client: object, agent: unknown): void => {
  const insides = client as Insides; // private in its types: https://github.com/databricks/databricks-sql-nodejs/blob/main/lib/DBSQLClient.ts
  const createProvider = insides.createConnectionProvider.bind(client);
  insides.createConnectionProvider = (options) => {
    const provider = createProvider(options);
    provider.agent = agent;
    const getConnection = provider.getThriftConnection.bind(provider);
    provider.getThriftConnection = async () => {
      const connection = await getConnection();
      if (!Object.hasOwn(connection, 'handleThriftResponse')) bound(connection);
      return connection;
    };
    return provider;
  };
};

/** Limits and checks answers: for one that is not Thrift, such as an HTML page, the driver waits forever for the rest. */
const bound = (connection: Connection): void => {
  // Steps and queries have their own limits; the driver's timer would outlive an answer that is too long.
  const timeout = 0;
  connection.config = {
    ...connection.config,
    redirect: 'manual',
    size: longestAnswer,
    compress: false,
    timeout,
  };
  const handle = connection.handleThriftResponse.bind(connection);
  const waiting = () => Object.keys(connection.client?._reqs ?? {}).length;
  connection.handleThriftResponse = (transport) => {
    const before = waiting();
    try {
      checkThrift(transport.inBuf.subarray(transport.readCursor, transport.writeCursor));
      handle(transport);
    } catch (cause) {
      if (cause instanceof Problem) throw cause;
      throw new Problem('protocol-mismatch', 'Expected Databricks; the server speaks something else', {
        cause,
      });
    }
    if (waiting() >= before)
      throw new Problem('protocol-mismatch', 'Expected Databricks; the server speaks something else');
  };
};
