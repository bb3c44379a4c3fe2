import { describe, expect, test } from '@jest/globals';
import { snowflake } from '../../shared/connectors/snowflake/connector.ts';
import { createServiceTester } from '../contracts/service.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { pem } from '../network/servers.ts';
import { startServiceFront } from './service-front.ts';

const env = reach('snowflake');
onEngine(env, () => {
  const url = env['SNOWFLAKE_URL'] ?? '';
  const { catalogOf, tried } = createServiceTester({
    connector: snowflake,
    config: {
      account: env['SNOWFLAKE_ACCOUNT'] ?? '',
      username: env['SNOWFLAKE_USER'] ?? '',
      database: env['SNOWFLAKE_DATABASE'] ?? '',
      schema: env['SNOWFLAKE_SCHEMA'] ?? '',
      warehouse: env['SNOWFLAKE_WAREHOUSE'] ?? '',
    },
    credentials: { auth_method: 'password', password: env['SNOWFLAKE_PASSWORD'] ?? '' },
    endpoint: url,
  });

  const sqlOf = (body: string): string => {
    const { sqlText = '' }: { sqlText?: string } = JSON.parse(body || '{}');
    return sqlText;
  };
  const refuse = (code: string, sqlState = '0A000') => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ success: false, code, message: 'refused', data: { errorCode: code, sqlState } }),
  });
  /**
   * The stand-in with a second schema, which has the same objects as the first. It refuses statements that
   * match.
   */
  const refusing = (statement: RegExp, code = '090030') => {
    const isOfZoo = (sql: string) => sql.includes("in ('ZOO')");
    return startServiceFront(url, {
      ask: ({ path, body }) => {
        const sql = sqlOf(body);
        if (!path.startsWith('/queries/') || sql === '') return undefined;
        if (statement.test(sql)) return refuse(code);
        return isOfZoo(sql) ? body.replace("in ('ZOO')", "in ('SALES')") : undefined;
      },
      answer: ({ body }, said) => {
        const sql = sqlOf(body);
        if (!sql.includes('information_schema.')) return said;
        const answer: { data: { rowset: (readonly string[])[] } } = JSON.parse(said);
        const ours = answer.data.rowset.filter(([schema]) => schema === 'SALES');
        const theirs = ours.map(([, ...row]) => ['ZOO', ...row]);
        let rowset = [...ours, ...theirs];
        if (isOfZoo(sql)) rowset = theirs;
        else if (sql.includes("in ('SALES')")) rowset = ours;
        return JSON.stringify({
          ...answer,
          data: { ...answer.data, rowset, total: rowset.length, returned: rowset.length },
        });
      },
    });
  };
  const nothing = /^nothing$/;
  const read = async (statement: RegExp, code?: string) => {
    await using service = await refusing(statement, code);
    return await catalogOf({ endpoint: service.endpoint });
  };

  describe('Snowflake introspection when one query fails', () => {
    test('reads schema by schema when the query for all schemas fails', async () => {
      const expected = await read(nothing);
      expect(new Set(expected.tables.map(({ schema }) => schema))).toEqual(new Set(['SALES', 'ZOO']));
      expect(await read(/information_schema\.columns(?!.* in \()/s)).toEqual(expected);
    });

    test.each(['SALES', 'ZOO'])('returns the other schema when %s cannot be read', async (broken) => {
      const expected = await read(nothing);
      const fails = new RegExp(`information_schema\\.columns(?!.* in \\((?!'${broken}'))`, 's');
      const { tables, missing } = await read(fails);
      const others = expected.tables.filter(({ schema }) => schema !== broken);
      expect(tables).toEqual(others);
      expect(missing).toEqual([
        ...expected.missing,
        {
          reason: 'tables-failed',
          count: expected.tables.length - others.length,
          remediation: expect.stringContaining('090030'),
        },
      ]);
    });

    test.each([
      ['primary keys', /^show primary keys/, { primary_key: [] }],
      ['foreign keys', /^show imported keys/, { foreign_keys: [] }],
    ])('returns the rest of the catalog when %s cannot be shown', async (_, statement, none) => {
      const expected = await read(nothing);
      const { tables, missing } = await read(statement, '003001');
      expect(tables).toEqual(expected.tables.map((table) => ({ ...table, ...none })));
      expect(missing).toEqual([
        ...expected.missing,
        { reason: 'keys-unread', remediation: expect.stringContaining('GRANT') },
      ]);
    });

    test('fails when tables cannot be listed', async () => {
      await expect(read(/information_schema\.tables/)).rejects.toMatchObject({ code: 'server-error' });
    });
  });

  describe('busy Snowflake service', () => {
    const patiently = (endpoint: string) => tried({ endpoint }, 'verify-full', pem('ca.crt'), 60);
    /** Refuses this number of requests before it answers. */
    const busy = (path: string, status: number, times: number) => {
      let left = times;
      return startServiceFront(url, {
        ask: (asked) =>
          asked.path.startsWith(path) && left-- > 0
            ? { status, headers: { 'retry-after': '0' }, body: 'busy' }
            : undefined,
      });
    };

    test.each([
      ['/session/v1/login-request', 503],
      ['/queries/v1/query-request', 429],
    ])('that answers %s with %s is asked again', async (path, status) => {
      await using service = await busy(path, status, 2);
      expect((await patiently(service.endpoint)).status).toBe('connected');
    });

    test('that stays busy causes too-many-connections', async () => {
      await using service = await busy('/queries/v1/query-request', 429, 1000);
      const { steps } = await patiently(service.endpoint);
      expect(steps.find(({ status }) => status === 'failed')).toMatchObject({
        code: 'too-many-connections',
        native_code: '429',
      });
    });
  });
});
