import { describe, expect, test } from '@jest/globals';
import type { Table } from '../../shared/connectors/catalog.ts';
import { databricks } from '../../shared/connectors/databricks/connector.ts';
import { introspectDatabricks } from '../../shared/connectors/databricks/introspect.ts';
import type {
  DatabricksMetadata,
  DatabricksQuery,
  DatabricksRow,
} from '../../shared/connectors/databricks/query.ts';
import { retryDatabricksRequest } from '../../shared/connectors/databricks/retry-request.ts';
import { Problem } from '../../shared/problem.ts';
import { secureServer, createServiceTester } from '../contracts/service.ts';
import { pem } from '../network/servers.ts';

/** The driver's error for a statement that the engine refuses. */
const refused = (condition: string, sqlState?: string) =>
  Object.assign(new Error(`[${condition}] something`), { response: sqlState ? { sqlState } : {} });
const late = () => new Problem('timeout', undefined, { remediation: 'Raise query_timeout_seconds.' });

const table = (schema: string, name: string) => ({
  table_schema: schema,
  table_name: name,
  table_type: 'MANAGED',
});
const column = (schema: string, name: string) => ({
  ...table(schema, name),
  column_name: 'id',
  ordinal_position: 0,
  full_data_type: 'bigint',
});
const schemas = ['broken', 'crm', 'sales'];

type Fails = (of: 'tables' | 'columns' | 'keys', sql: string) => Error | undefined;

/** Introspects three schemas of one table each; `fails` decides which statements fail. */
const read = async (fails: Fails, scope: { schemas?: string[]; excludedSchemas?: string[] } = {}) => {
  const asked: string[] = [];
  const rowsOf = (sql: string): readonly DatabricksRow[] => {
    const of = /\.`(tables|columns)` where/.exec(sql)?.[1];
    const within = /table_schema in \(([^)]*)\)/.exec(sql)?.[1];
    const without = /table_schema not in \(([^)]*)\)/.exec(sql)?.[1];
    return schemas
      .filter((schema) => (within?.includes(`'${schema}'`) ?? true) && !without?.includes(`'${schema}'`))
      .map((schema) => (of === 'tables' ? table(schema, 't') : column(schema, 't')));
  };
  const query: DatabricksQuery = async (sql, row) => {
    asked.push(sql);
    const of = sql.includes('key_column_usage') ? 'keys' : sql.includes('`columns`') ? 'columns' : 'tables';
    const failure = fails(of, sql);
    const rows = of === 'keys' ? [] : rowsOf(sql);
    // A failing statement fails after its first row.
    for (const one of failure ? rows.slice(0, 1) : rows) row(one);
    if (failure) throw failure;
  };
  const metadata: DatabricksMetadata = () => Promise.reject(new Error('expected no request of metadata'));
  const tables: Table[] = [];
  const missing = await introspectDatabricks(
    { query, metadata },
    { catalog: 'main', account: 'me' },
    { excludedSchemas: [], ...scope },
    (some) => void tables.push(...some),
  );
  return { tables: tables.map(({ schema, columns }) => [schema, columns.length]), missing, asked };
};

describe('Databricks introspection with a failing statement', () => {
  test.each([
    ['refused', () => refused('UC_SOMETHING', 'XXKUC')],
    ['late', late],
  ])('reads the other schemas when the statement for one is %s', async (_, failure) => {
    const { tables, missing, asked } = await read((of, sql) =>
      of === 'columns' && (!sql.includes('in (') || sql.includes("'broken'")) ? failure() : undefined,
    );
    expect(tables).toEqual([
      ['crm', 1],
      ['sales', 1],
    ]);
    expect(missing).toEqual([{ reason: 'tables-failed', count: 1, remediation: expect.any(String) }]);
    expect(asked.length).toBe(6); // tables, columns, columns of each of three schemas, keys
  });

  test('reads all tables when the keys cannot be read', async () => {
    const { tables, missing } = await read((of) =>
      of === 'keys' ? refused('INTERNAL_ERROR', 'XX000') : undefined,
    );
    expect(tables.length).toBe(3);
    expect(missing).toEqual([{ reason: 'keys-unread', remediation: expect.stringContaining('XX000') }]);
  });

  test('names the grant when the account may not read keys', async () => {
    const { missing } = await read((of) => (of === 'keys' ? refused('NO', '42501') : undefined));
    expect(missing).toEqual([
      { reason: 'keys-unread', remediation: expect.stringMatching(/^GRANT .* ON CATALOG `main` TO `me`;/) },
    ]);
  });

  test('fails when the network fails or the tables cannot be read', async () => {
    const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    await expect(read((of) => (of === 'columns' ? reset : undefined))).rejects.toBe(reset);
    await expect(read((of) => (of === 'keys' ? reset : undefined))).rejects.toBe(reset);
    const failed = refused('INTERNAL_ERROR', 'XX000');
    await expect(read((of) => (of === 'tables' ? failed : undefined))).rejects.toBe(failed);
  });

  test('leaves excluded schemas out of every statement', async () => {
    const { tables, missing } = await read(
      (_, sql) => (sql.includes(`not in ('broken')`) ? undefined : refused('INTERNAL_ERROR', 'XX000')),
      { excludedSchemas: ['broken'] },
    );
    expect(tables.map(([schema]) => schema)).toEqual(['crm', 'sales']);
    expect(missing).toEqual([]);
  });
});

describe('requests to a busy Databricks workspace', () => {
  const answered = (status: number) => ({ status, headers: new Headers({ 'retry-after': '0' }) });
  /** The error of the driver, which makes no second attempt here, and the error of Thrift's connection. */
  const given = (status: number) =>
    Object.assign(new Error('Max retry count exceeded'), {
      errorCode: 'ATTEMPTS_EXCEEDED',
      payload: { response: answered(status) },
    });
  const thrown = (status: number) =>
    Object.assign(new Error('busy'), {
      name: 'THTTPException',
      statusCode: status,
      response: answered(status),
    });

  test.each([given(429), given(503), thrown(502), thrown(504)])(
    'are retried until the workspace answers: %s',
    async (busy) => {
      let attempts = 0;
      const work = async () => {
        attempts += 1;
        if (attempts < 3) throw busy;
        return 'done';
      };
      expect([await retryDatabricksRequest(work), attempts]).toEqual(['done', 3]);
    },
  );

  test.each([thrown(403), thrown(404), refused('INTERNAL_ERROR', 'XX000')])(
    'are not retried after other errors: %s',
    async (error) => {
      let attempts = 0;
      const work = () => {
        attempts += 1;
        return Promise.reject(error);
      };
      await expect(retryDatabricksRequest(work)).rejects.toBe(error);
      expect(attempts).toBe(1);
    },
  );

  test('fail with server-error after three attempts', async () => {
    let asked = 0;
    await using service = await secureServer((_, response) => {
      asked += 1;
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '0' }).end('{}');
    });
    const { tried } = createServiceTester({
      connector: databricks,
      config: {
        host: 'dbc-00000000-0000.cloud.databricks.com',
        http_path: '/sql/1.0/warehouses/0123456789abcdef',
      },
      credentials: { auth_method: 'token', token: 'obviously-fake' },
      endpoint: `https://localhost:${service.port}`,
    });
    const { steps } = await tried({}, 'verify-full', pem('ca.crt'), 60);
    expect(steps.find(({ status }) => status === 'failed')).toMatchObject({
      code: 'server-error',
      native_code: '429',
    });
    expect(asked).toBe(3);
  });
});
