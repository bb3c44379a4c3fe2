import { expect, test } from '@jest/globals';
import { snowflake } from '../../shared/connectors/snowflake/connector.ts';
import { createSnowflakeSettings } from '../../shared/connectors/snowflake/session-state.ts';
import { createServiceTester } from '../contracts/service.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { startServiceFront } from './service-front.ts';

/**
 * Parameters that an account may set for all of its users, one for each setting of `createSnowflakeSettings`.
 */
const odd: Readonly<Record<string, string | number | boolean>> = {
  STATEMENT_TIMEOUT_IN_SECONDS: 1,
  STATEMENT_QUEUED_TIMEOUT_IN_SECONDS: 1,
  QUOTED_IDENTIFIERS_IGNORE_CASE: true,
  MULTI_STATEMENT_COUNT: 2,
  ROWS_PER_RESULTSET: 1,
  USE_CACHED_RESULT: true,
  CLIENT_RESULT_CHUNK_SIZE: 160,
  QUERY_TAG: 'of the account',
};

test('this test changes every Snowflake session setting', () => {
  expect(
    createSnowflakeSettings(30)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(Object.keys(odd).toSorted());
  for (const { name, value } of createSnowflakeSettings(30)) expect(odd[name]).not.toBe(value);
});

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

  /** The stand-in with an account that has these parameters. Each is in force unless a statement sets it. */
  const accountWith = (defaults: typeof odd) => {
    let cached: string | undefined;
    const inForce = (body: string) => {
      const { sqlText, parameters }: { sqlText?: string; parameters?: object } = JSON.parse(body || '{}');
      return sqlText === undefined ? undefined : { sqlText, ...defaults, ...parameters };
    };
    return startServiceFront(url, {
      ask: ({ path, body }) => {
        if (!path.startsWith('/queries/')) return undefined;
        const asked: Readonly<Record<string, unknown>> | undefined = inForce(body);
        if (!asked) return undefined;
        const refuse = (code: string, sqlState: string) => ({
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            success: false,
            code,
            message: 'refused',
            data: { errorCode: code, sqlState },
          }),
        });
        if (Number(asked['MULTI_STATEMENT_COUNT']) !== 1) return refuse('000008', '0A000');
        if (Number(asked['STATEMENT_TIMEOUT_IN_SECONDS']) < 5) return refuse('000630', '57014');
        if (Number(asked['STATEMENT_QUEUED_TIMEOUT_IN_SECONDS']) > 0) return refuse('000630', '57014');
        if (asked['USE_CACHED_RESULT'] === true && cached !== undefined)
          return { status: 200, headers: { 'content-type': 'application/json' }, body: cached };
        if (asked['QUOTED_IDENTIFIERS_IGNORE_CASE'] === true) {
          const sqlText = String(asked['sqlText']).replaceAll(/"[^"]*"/g, (name) => name.toUpperCase());
          return JSON.stringify({ ...JSON.parse(body), sqlText });
        }
        return undefined;
      },
      answer: ({ body }, said) => {
        const asked: Readonly<Record<string, unknown>> | undefined = inForce(body);
        if (!asked) return said;
        cached ??= said;
        const most = Number(asked['ROWS_PER_RESULTSET']);
        const answer: { data?: { rowset?: unknown[] } } = JSON.parse(said);
        if (most === 0 || !answer.data?.rowset) return said;
        const rowset = answer.data.rowset.slice(0, most);
        return JSON.stringify({
          ...answer,
          data: { ...answer.data, rowset, total: rowset.length, returned: rowset.length },
        });
      },
    });
  };

  test('a Snowflake account with changed parameters has the same catalog and the same test result', async () => {
    const expected = await catalogOf();
    expect(expected.tables.length).toBeGreaterThan(2);
    await using account = await accountWith(odd);
    expect(await catalogOf({ endpoint: account.endpoint })).toEqual(expected);
    const statuses = async (endpoint: string) =>
      (await tried({ endpoint })).steps.map(({ step, status }) => ({ step, status }));
    expect(await statuses(account.endpoint)).toEqual(await statuses(url));
  });

  // Settings are part of each statement, so that none of them takes a request.
  test('Snowflake session settings need no request of their own', async () => {
    await using account = await accountWith({});
    await catalogOf({ endpoint: account.endpoint });
    const statements = account.asked.filter(({ path }) => path.startsWith('/queries/v1/query-request'));
    expect(statements.length).toBeGreaterThan(0);
    for (const { body } of statements) {
      const { sqlText, parameters }: { sqlText: string; parameters: object } = JSON.parse(body);
      expect(sqlText).toMatch(/^\s*(select|show)\b/);
      expect(Object.keys(parameters).toSorted()).toEqual(Object.keys(odd).toSorted());
    }
  });
});
