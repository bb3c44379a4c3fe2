import { json } from 'node:stream/consumers';
import { runSourceTest, openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import { Problem } from '../../shared/problem.ts';
import { readPeakMb } from '../connectors/peak.ts';
import type { ReadRequest, Effect } from './bomb.ts';

/** A program that reads the source named on its standard input and prints the outcome. */
const read = async ({
  connector,
  target,
  tlsSettings,
  only,
}: ReadRequest): Promise<Omit<Effect, 'peakMb'>> => {
  const options = {
    policy: { loopback: true },
    environment: 'default',
    tlsSettings,
    options: { connection_timeout_seconds: 20 },
    budget: 60_000,
  };
  const tables: Record<string, number> = {};
  if (only === 'test') {
    const result = await runSourceTest(connectors[connector], target, options);
    return { ...(result.status === 'failed' && { code: result.details.code }), missing: [], tables };
  }
  try {
    await using session = await openManagedSession(connectors[connector], target, options);
    const missing = await session.introspect({ excludedSchemas: [] }, (some) => {
      for (const { name, columns } of some) {
        if (Object.keys(tables).length < 100) tables[name] = columns.length;
      }
    });
    return { missing: missing.map(({ reason }) => reason), tables };
  } catch (error) {
    if (error instanceof Problem) return { code: error.code, missing: [], tables };
    throw error;
  }
};

const asked = await json(process.stdin);
const effect = await read(asked as ReadRequest); // `detonate` sends it
console.log(JSON.stringify({ ...effect, peakMb: readPeakMb() }));
