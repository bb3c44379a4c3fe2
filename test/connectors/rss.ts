import { json } from 'node:stream/consumers';
import type { SessionTarget } from '../../shared/connectors/connector.ts';
import { openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import type { TlsSettings } from '../../shared/network/dialer.ts';
import { readPeakMb } from './peak.ts';

/**
 * The input of this program. It reads a catalog as its standard input describes, keeps nothing of it, and
 * prints counts and the peak memory.
 */
export interface Asked {
  readonly connector: keyof typeof connectors;
  readonly target: SessionTarget;
  readonly tlsSettings: TlsSettings;
  readonly schemas?: readonly string[];
}

export interface Counted {
  readonly tables: number;
  readonly columns: number;
  /** Whether each table comes after the previous one, by schema and then by name. */
  readonly ordered: boolean;
  readonly missing: readonly string[];
  readonly peakMb: number;
}

const count = async ({ connector, target, tlsSettings, schemas }: Asked): Promise<Counted> => {
  let [tables, columns, ordered] = [0, 0, true];
  let last = Buffer.alloc(0);
  await using session = await openManagedSession(connectors[connector], target, {
    policy: { loopback: true },
    environment: 'default',
    tlsSettings,
    options: { connection_timeout_seconds: 20 },
    budget: 600_000,
  });
  const missing = await session.introspect({ ...(schemas && { schemas }), excludedSchemas: [] }, (some) => {
    for (const table of some) {
      const place = Buffer.from(`${table.schema}\0${table.name}`);
      ordered &&= Buffer.compare(place, last) > 0;
      last = place;
      columns += table.columns.length;
    }
    tables += some.length;
  });
  return { tables, columns, ordered, missing: missing.map(({ reason }) => reason), peakMb: readPeakMb() };
};

const asked = await json(process.stdin);
console.log(JSON.stringify(await count(asked as Asked))); // the value that `measureInChildProcess` sends
