import { describe, expect, test } from '@jest/globals';
import { connectDatabricksDriver, loadDatabricksDriver } from '../../shared/connectors/databricks/driver.ts';
import { createDatabricksQueries } from '../../shared/connectors/databricks/query.ts';
import {
  databricksClusterSettings,
  createDatabricksConfiguration,
  createDatabricksWarehouseSettings,
} from '../../shared/connectors/databricks/session-state.ts';
import { createDialer } from '../../shared/network/create-dialer.ts';
import { createStepRecorder } from '../../shared/network/step-recorder.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { pem } from '../network/servers.ts';

const warehouse = '/sql/1.0/warehouses/0123456789abcdef';
const cluster = '/sql/protocolv1/o/0/0123-456789-abcdefgh';

test('the Databricks configuration has Spark settings for a cluster, and only the allowed settings for a warehouse', () => {
  const names = (path: string) => Object.keys(createDatabricksConfiguration(path, 30_000));
  expect(names(warehouse)).toEqual(createDatabricksWarehouseSettings(30_000).map(({ name }) => name));
  expect(names(warehouse).filter((name) => name.startsWith('spark.'))).toEqual([]);
  expect(names(cluster)).toEqual(databricksClusterSettings.map(({ name }) => name));
  expect(createDatabricksConfiguration(warehouse, 1500)).toMatchObject({ STATEMENT_TIMEOUT: '2' });
});

const env = reach('databricks');
onEngine(env, () => {
  describe('Databricks session settings on Spark', () => {
    /**
     * Opens a session with the settings for `path` and returns the rows of the statements. The stand-in knows
     * only one path, that of its warehouse.
     */
    const ask = async (path: string, ...statements: readonly string[]) => {
      using trail = createStepRecorder({ limits: () => 20_000, budget: 60_000 });
      await using dialer = createDialer({
        policy: { loopback: true },
        environment: 'default',
        tlsSettings: { mode: 'verify-full', ca: pem('ca.crt') },
        recorder: trail,
      });
      await dialer.tls(await dialer.tcp({ host: 'localhost', port: Number(env['DATABRICKS_PORT']) }), {
        host: 'localhost',
      });
      await using driver = await dialer.step('authenticate', async () =>
        connectDatabricksDriver(
          await loadDatabricksDriver(),
          dialer,
          { host: 'localhost', port: Number(env['DATABRICKS_PORT']), path: env['DATABRICKS_PATH'] ?? '' },
          {
            token: env['DATABRICKS_TOKEN'] ?? '',
            limitMs: 20_000,
            catalog: undefined,
            schema: 'sales',
            configuration: createDatabricksConfiguration(path, 20_000),
          },
        ),
      );
      const { query } = createDatabricksQueries(driver.session, 20_000);
      const rows: unknown[] = [];
      for (const statement of statements) await query(statement, (row) => void rows.push(Object.values(row)));
      return rows;
    };

    test.each([
      ['cluster', cluster, databricksClusterSettings],
      ['warehouse', warehouse, createDatabricksWarehouseSettings(20_000)],
    ] as const)('all apply to a %s, in the named schema', async (_, path, settings) => {
      const rows = await ask(path, ...settings.map(({ name }) => `set ${name}`), 'select current_schema()');
      expect(rows).toEqual([...settings.map(({ name, value }) => [name, value]), ['sales']]);
    });
  });
});
