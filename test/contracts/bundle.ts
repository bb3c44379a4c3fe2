import { expect, test } from '@jest/globals';
import type { Table } from '../../shared/connectors/catalog.ts';
import type { Connector, Session, SessionTarget } from '../../shared/connectors/connector.ts';
import type { ProblemCode } from '../../shared/problem.ts';
import { bundleProbe } from '../connectors/bundled-probe.ts';
import { findType } from './samples.ts';

interface BundleCase {
  readonly connector: Connector;
  /** The same connection as `open` opens. */
  readonly target: Pick<SessionTarget, 'config' | 'credentials' | 'endpoint'>;
  /** The authority of a server that is spoken to over TLS. */
  readonly ca?: string;
  readonly open: () => Promise<Session>;
  /** Credentials, or another account, that the server refuses. */
  readonly refused: {
    readonly config?: SessionTarget['config'];
    readonly credentials?: SessionTarget['credentials'];
    readonly code: ProblemCode;
  };
}

const tested = new Set<Connector>();

/** The contract of every connector whose session comes from the bundle of the probe. It is tested once in each file. */
export const bundleContract = ({ connector, target, ca, open, refused }: BundleCase) => {
  if (tested.has(connector)) return;
  tested.add(connector);

  test('a session from the bundle reads the same catalog, through sockets of the dialer alone', async () => {
    await using bundled = await bundleProbe();
    const options = { ssl_mode: ca === undefined ? 'disable' : 'verify-full' };
    const wrong = {
      config: { ...target.config, ...refused.config },
      credentials: refused.credentials ?? target.credentials,
    };
    const { printed, stderr } = await bundled.run(findType(connector), {
      target: { ...target, options },
      ...(ca !== undefined && {
        dialer: `tls: (socket, { host }) => secured({ socket, servername: host, ca: ${JSON.stringify(ca)} }),`,
      }),
      script: `
        const { version, missing, tables } = await read();
        const wrong = { ...target, ...${JSON.stringify(wrong)} };
        const { code } = await open(wrong, dialer).catch((error) => failure(error) ?? error);
        for (const socket of sockets) socket.destroy();
        console.log(JSON.stringify({ version, missing, tables, code, strangers }));
      `,
    });
    await using session = await open();
    const tables: Table[] = [];
    await session.introspect({ excludedSchemas: [] }, (some) => void tables.push(...some));
    expect(tables.length).toBeGreaterThan(0);
    const { missing } = await session.privileges();
    const shapes = tables.map(({ schema, name, kind, columns }) => [schema, name, kind, columns.length]);
    expect(printed).toEqual({
      version: await session.ping(),
      missing,
      tables: shapes,
      code: refused.code,
      strangers: 0,
    });
    // Node warns if a driver sets a timer that is too long, for example. Deprecations are the driver's own affair.
    expect(stderr).toBe('');
  });
};
