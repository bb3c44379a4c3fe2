import { expect, test } from '@jest/globals';
import { bigquery } from '../../shared/connectors/bigquery/connector.ts';
import { createBigquerySettings } from '../../shared/connectors/bigquery/session-state.ts';
import { createServiceTester } from '../contracts/service.ts';
import { onEngine, reach, readEngineFile } from '../engines/reach.ts';
import { startServiceFront } from './service-front.ts';

/** The defaults of a project for queries that do not override them, one for each of our settings. */
const odd = {
  useLegacySql: true,
  useQueryCache: true,
  jobTimeoutMs: '1',
  maximumBytesBilled: '1',
} as const;

test('each BigQuery session setting has an odd default in this test', () => {
  expect(
    createBigquerySettings(30_000)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(Object.keys(odd).toSorted());
});

const env = reach('bigquery');
onEngine(env, () => {
  const url = env['BIGQUERY_ENDPOINT'] ?? '';
  const { catalogOf, tried } = createServiceTester({
    connector: bigquery,
    config: { project_id: env['BIGQUERY_PROJECT'] ?? '', datasets: ['sales'] },
    credentials: {
      auth_method: 'service_account',
      service_account: readEngineFile(env['BIGQUERY_CREDENTIALS']),
    },
    endpoint: url,
  });

  const refuse = (status: number, reason: string) => ({
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ error: { code: status, message: 'refused', errors: [{ reason }] } }),
  });

  /** The emulator as a project with other defaults and a filled query cache. */
  const oddProject = () =>
    startServiceFront(url, {
      ask: ({ path, body }) => {
        if (!path.endsWith('/queries')) return undefined;
        const asked: Readonly<Record<keyof typeof odd | 'dryRun', unknown>> = { ...odd, ...JSON.parse(body) };
        if (asked.useLegacySql !== false) return refuse(400, 'invalidQuery');
        if (Number(asked.jobTimeoutMs) < 5000) return refuse(400, 'stopped');
        if (Number(asked.maximumBytesBilled) < 10_000_000) return refuse(400, 'bytesBilledLimitExceeded');
        if (asked.useQueryCache === false || asked.dryRun === true) return undefined;
        return { status: 200, body: JSON.stringify({ jobComplete: true, schema: { fields: [] }, rows: [] }) };
      },
    });

  test('a BigQuery project with other defaults gives the same catalog and passes a test', async () => {
    const expected = await catalogOf();
    expect(expected.tables.length).toBeGreaterThan(1);
    await using project = await oddProject();
    expect(await catalogOf({ endpoint: project.endpoint })).toEqual(expected);
    expect((await tried({ endpoint: project.endpoint })).status).toBe('connected');
  });
});
