import { describe, expect, test } from '@jest/globals';
import { bigquery } from '../../shared/connectors/bigquery/connector.ts';
import { serviceContract, createServiceTester } from '../contracts/service.ts';
import type { Service } from '../contracts/service.ts';
import { onEngine, reach, readEngineFile } from '../engines/reach.ts';
import { expectWholeShop } from './small-shop.ts';

const sample = {
  client_email: 'reader@mooring-test.iam.gserviceaccount.com',
  private_key: '-----BEGIN PRIVATE KEY-----\nobviously+fake\n-----END PRIVATE KEY-----\n',
};

const env = reach('bigquery');
onEngine(env, () => {
  describe('BigQuery session on an emulator', () => {
    const account = (name: string) => ({
      auth_method: 'service_account',
      service_account: readEngineFile(env[name]),
    });
    const service: Service = {
      connector: bigquery,
      config: { project_id: env['BIGQUERY_PROJECT'] ?? '' },
      credentials: account('BIGQUERY_CREDENTIALS'),
      endpoint: env['BIGQUERY_ENDPOINT'] ?? '',
      small: { config: { datasets: ['sales'] } },
    };
    const { tried, opened, catalogOf } = createServiceTester(service);
    const sales = { config: { datasets: ['sales'] } };
    const blind = { credentials: account('BIGQUERY_CREDENTIALS_BLIND') };

    serviceContract(service, {
      'an account that is none': {
        credentials: {
          auth_method: 'service_account',
          service_account: readEngineFile(env['BIGQUERY_CREDENTIALS']).replace('reader@', 'gone@'),
        },
        code: 'authentication-failed',
        native: 'invalid_grant',
      },
      'a key that is not the account’s': {
        credentials: account('BIGQUERY_CREDENTIALS_FORGED'),
        code: 'authentication-failed',
        native: 'invalid_grant',
      },
      'a key that cannot be read': {
        credentials: { auth_method: 'service_account', service_account: JSON.stringify(sample) },
        code: 'certificate-unreadable',
      },
      'an unknown project': {
        config: { project_id: 'nowhere-at-all' },
        code: 'database-not-found',
        native: 'notFound',
      },
      'an account that may run no jobs': {
        credentials: account('BIGQUERY_CREDENTIALS_STRANGER'),
        code: 'permission-denied',
        native: 'accessDenied',
      },
    });

    test('passes every step of a test', async () => {
      const { status, details, steps } = await tried(sales);
      expect({ status, details }).toEqual({
        status: 'connected',
        details: { latency_ms: expect.any(Number), version: 'BigQuery v2' },
      });
      expect(new Set(steps.map((step) => step.status))).toEqual(new Set(['passed']));
    });

    test('names the command that grants the right to run jobs when the account lacks it', async () => {
      const { steps } = await tried({ credentials: account('BIGQUERY_CREDENTIALS_STRANGER') });
      expect(steps.find(({ step }) => step === 'authenticate')?.remediation).toBe(
        'gcloud projects add-iam-policy-binding mooring-test --member=serviceAccount:stranger@mooring-test.iam.gserviceaccount.com --role=roles/bigquery.jobUser',
      );
    });

    test('reads tables with columns, comments, keys and sizes', async () => {
      const { tables, missing } = await catalogOf(sales);
      expect(missing).toEqual([]);
      const types = {
        id: 'INT64',
        email: 'STRING',
        born: 'DATE',
        balance: 'NUMERIC',
        active: 'BOOL',
        seen: 'TIMESTAMP',
        tags: 'ARRAY<STRING>',
        home: 'STRUCT<city STRING, zip INT64>',
      };
      expectWholeShop(tables, types, 'orders.fk$1');
      expect(tables[0]).toMatchObject({
        schema: 'sales',
        rows: 1,
        size_bytes: 120,
        parent: null,
        indexes: [],
      });
    });

    test('omits excluded datasets and datasets of another location', async () => {
      const { tables } = await catalogOf(sales, { excludedSchemas: ['sales'] });
      expect(tables).toEqual([]);
      const elsewhere = await catalogOf({ config: { location: 'europe-west4' } });
      expect(elsewhere.tables).toEqual([]);
    });

    test('reports a dataset that the account may not read as missing, with its grant', async () => {
      const { tables, missing } = await catalogOf({ config: { datasets: ['sales', 'vault'] } });
      expect(tables.length).toBe(3);
      const grant =
        'GRANT `roles/bigquery.dataViewer` ON SCHEMA `mooring-test`.`vault` TO "serviceAccount:reader@mooring-test.iam.gserviceaccount.com";';
      expect(missing).toEqual([{ reason: 'tables-denied', count: 1, remediation: grant }]);
      await using session = await opened({ config: { datasets: ['vault'] } });
      expect(await session.privileges()).toEqual({
        missing: [{ what: 'reading dataset vault', grant }],
        excess: [],
      });
    });

    test('connects with an account that can read nothing, and warns about missing privileges', async () => {
      const { tables, missing } = await catalogOf(blind);
      expect(tables).toEqual([]);
      expect(missing).toEqual([{ reason: 'tables-denied', remediation: expect.stringContaining('GRANT') }]);
      const { status, steps } = await tried(blind);
      expect(status).toBe('connected');
      expect(steps.at(-1)).toMatchObject({ status: 'warning', code: 'privileges-missing' });
    });

    test('reports missing write access for a target', async () => {
      await using session = await opened({ ...sales, role: 'target' });
      expect(await session.privileges()).toEqual({ missing: [], excess: [] });
      await using closed = await opened({ config: { datasets: ['vault'] }, role: 'target' });
      expect((await closed.privileges()).missing).toMatchObject([{ what: 'writing to dataset vault' }]);
    });
  });
});
