import type { Dialer } from '../../network/dialer.ts';
import { createHttpAgent } from '../../network/http/create-http-agent.ts';
import { Problem } from '../../problem.ts';
import { checkThrift } from './check-thrift.ts';
import { databricksLogins } from './logins.ts';
import { retryDatabricksRequest } from './retry-request.ts';

export interface DatabricksAddress {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

type DatabricksDriver = Awaited<ReturnType<typeof loadDatabricksDriver>>;

/** Separate from the connection, because loading takes long enough to look like a slow server. */
export const loadDatabricksDriver = async () => (await import('@databricks/sql')).default;

/** Opens a session over the dialer only. The driver retries nothing, follows no redirects and fetches no results from other hosts. */
export const connectDatabricksDriver = async (
  { DBSQLClient }: DatabricksDriver,
  dialer: Dialer,
  { host, port, path }: DatabricksAddress,
  { token, limitMs, schema, catalog, configuration }: DatabricksLogin,
) => {
  const client = new DBSQLClient({ logger: { log: () => {} } });
  client.on('error', () => {});
  const agent = createHttpAgent(dialer, { secure: true, login: databricksLogins.token, keepAlive: true });
  await using closing = new AsyncDisposableStack();
  closing.defer(() => agent.destroy());
  // No Arrow and no compression: they would be two more parsers of foreign bytes.
  Object.assign(client.getConfig(), { arrowEnabled: false, useLZ4Compression: false, useCloudFetch: false });
  guardDatabricksClient(client, agent);
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
  const sessionRequest = {
    configuration,
    ...(catalog !== undefined && { initialCatalog: catalog }),
    ...(schema !== undefined && { initialSchema: schema }),
  };
  const session = await retryDatabricksRequest(() => client.openSession(sessionRequest), dialer.signal);
  const open = closing.move();
  return {
    session,
    [Symbol.asyncDispose]: async () => {
      await client.close().catch(() => {}); // fails if the session is gone already
      await open.disposeAsync();
    },
  };
};

interface DatabricksLogin {
  readonly token: string;
  readonly limitMs: number;
  readonly catalog: string | undefined;
  readonly schema: string | undefined;
  /** The settings that the session is opened with. */
  readonly configuration: Record<string, string>;
}

/** The private members of the driver that are changed, because it has no options for them. */
interface DatabricksClientInternals {
  createConnectionProvider: (options: unknown) => ThriftProvider;
}
interface ThriftProvider {
  agent?: unknown;
  getThriftConnection: () => Promise<ThriftConnection>;
}
interface ThriftTransport {
  readonly inBuf: Buffer;
  readonly readCursor: number;
  readonly writeCursor: number;
}
interface ThriftConnection {
  config: object;
  client?: { readonly _reqs: Readonly<Record<string, unknown>> };
  handleThriftResponse: (transport: ThriftTransport) => void;
}

const MAX_DATABRICKS_ANSWER_BYTES = 64 * 2 ** 20;

const guardDatabricksClient = (client: object, agent: unknown): void => {
  const internals = client as DatabricksClientInternals; // private in its types: https://github.com/databricks/databricks-sql-nodejs/blob/main/lib/DBSQLClient.ts
  const createProvider = internals.createConnectionProvider.bind(client);
  internals.createConnectionProvider = (options) => {
    const provider = createProvider(options);
    provider.agent = agent;
    const getConnection = provider.getThriftConnection.bind(provider);
    provider.getThriftConnection = async () => {
      const connection = await getConnection();
      if (!Object.hasOwn(connection, 'handleThriftResponse')) limitThriftConnection(connection);
      return connection;
    };
    return provider;
  };
};

/** Limits and checks answers: for one that is not Thrift, such as an HTML page, the driver waits forever for the rest. */
const limitThriftConnection = (connection: ThriftConnection): void => {
  // Steps and queries have their own limits; the driver's timer would outlive an answer that is too long.
  const timeout = 0;
  connection.config = {
    ...connection.config,
    redirect: 'manual',
    size: MAX_DATABRICKS_ANSWER_BYTES,
    compress: false,
    timeout,
  };
  const handle = connection.handleThriftResponse.bind(connection);
  const countPending = () => Object.keys(connection.client?._reqs ?? {}).length;
  connection.handleThriftResponse = (transport) => {
    const before = countPending();
    try {
      checkThrift(transport.inBuf.subarray(transport.readCursor, transport.writeCursor));
      handle(transport);
    } catch (cause) {
      if (cause instanceof Problem) throw cause;
      throw new Problem('protocol-mismatch', 'Expected the Thrift protocol of Databricks', {
        cause,
      });
    }
    if (countPending() >= before)
      throw new Problem('protocol-mismatch', 'Expected the Thrift protocol of Databricks');
  };
};
