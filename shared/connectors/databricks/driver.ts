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

/** Apart, because it takes long enough to be taken for a server that is slow. */
export const loadDriver = async () => (await import('@databricks/sql')).default;

/** The driver's session, over the dialer alone: nothing is tried again, no redirect followed, no result fetched from elsewhere. */
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
  // Columns as they are: Arrow and compression would be two more parsers of what a hostile server sends.
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
      await client.close().catch(() => {}); // a session that is gone is closed
      await open.disposeAsync();
    },
  };
};

interface Login {
  readonly token: string;
  readonly limitMs: number;
  readonly catalog: string | undefined;
  readonly schema: string | undefined;
  /** What the session is opened with. */
  readonly configuration: Record<string, string>;
}

/** What of the driver's insides is changed, because it has no option for it. */
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

/** The driver's own reader waits for the rest of an answer that is none, as a page of HTML: for ever. */
const bound = (connection: Connection): void => {
  // Steps and queries have limits of their own; the driver's outlives an answer that was too long.
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
