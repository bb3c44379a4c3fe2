import { expect, test } from '@jest/globals';
import type { CatalogScope, Table } from '../../shared/connectors/catalog.ts';
import { runSourceTest, openManagedSession } from '../../shared/connectors/run-source-test.ts';
import { oracle } from '../../shared/connectors/oracle/connector.ts';
import { oracleSessionSettings } from '../../shared/connectors/oracle/session-state.ts';
import { onEngine, reach } from '../engines/reach.ts';
import { buildOracleSessionOptions, buildOracleTarget } from './oracle-fixtures.ts';

/**
 * The settings that the stand-in's logon trigger changes for an account, one for each setting of
 * `oracleSessionSettings`.
 */
const odd = ['current_schema', 'nls_comp', 'nls_sort'];

test('the stand-in changes every Oracle session setting', () => {
  expect(oracleSessionSettings.map(({ name }) => name).toSorted()).toEqual(odd);
});

const env = reach('oracle', { ORACLE_TLS: 'off' });
onEngine(env, () => {
  const as = (username: string, password: string) =>
    buildOracleTarget(Number(env['ORACLE_PORT']), { username }, password);
  const plain = as('mooring_reader', 'p@ss:w/rd#1%');
  const triggered = as('mooring_triggered', 'triggered');
  const read = async (target: typeof plain, scope: Partial<CatalogScope> = {}) => {
    await using session = await openManagedSession(oracle, target, buildOracleSessionOptions('disable'));
    const tables: Table[] = [];
    const missing = await session.introspect(
      { excludedSchemas: [], ...scope },
      (some) => void tables.push(...some),
    );
    return { tables, missing: missing.map(({ reason }) => reason) };
  };

  test.each([
    ['all schemas', {}],
    ['a schema whose name differs only in case', { schemas: ['shop'] }],
    ['all schemas except one whose name differs only in case', { excludedSchemas: ['shop'] }],
  ])(
    'an Oracle session with settings from a logon trigger reads the same catalog of %s',
    async (_, scope) => {
      expect(await read(triggered, scope)).toEqual(await read(plain, scope));
    },
  );

  test('an Oracle session with settings from a logon trigger passes the same connection test', async () => {
    const outcome = async (target: typeof plain) => {
      const { status, steps } = await runSourceTest(oracle, target, buildOracleSessionOptions('disable'));
      return { status, steps: steps.map(({ step, status: each, code }) => ({ step, each, code })) };
    };
    expect(await outcome(triggered)).toEqual(await outcome(plain));
  });
});
