import { expect, test } from '@jest/globals';
import { reach } from '../engines/reach.ts';
import { measureInChildProcess, MAX_INTROSPECTION_MB } from './measure-in-child-process.ts';
import { buildOracleTarget } from './oracle-fixtures.ts';

const env = reach('oracle', { ORACLE_TLS: 'off' });
if (env)
  /** The driver and the bytes on the wire are real. The server is a stand-in. */
  test('Oracle introspection reads ten thousand tables in bounded memory', async () => {
    const target = buildOracleTarget(Number(env['ORACLE_PORT']), { service_name: 'warehouse' });
    const { peakMb, ...counted } = await measureInChildProcess({
      connector: 'oracle',
      target: { ...target, options: { ...target.options, query_timeout_seconds: 60 } },
      tlsSettings: { mode: 'disable' },
    });
    expect(counted).toEqual({ tables: 10_000, columns: 200_000, ordered: true, missing: [] });
    expect(peakMb).toBeLessThan(MAX_INTROSPECTION_MB);
  });
