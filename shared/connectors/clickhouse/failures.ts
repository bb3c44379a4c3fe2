import { createFailureTable } from '../failure-table.ts';
import { createHttpFailures } from '../http/http-failures.ts';
import { queryTimeoutRemediation } from '../http/http-source.ts';

/** https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp */
const clickhouseMeanings = createFailureTable({
  '192 193 194 516': ['authentication-failed'],
  '195': ['permission-denied', 'Allow the addresses that `vantage` names in the HOST clause of the user.'],
  '720': ['credentials-expired', 'Extend VALID UNTIL of the user with ALTER USER.'],
  '291 497': ['permission-denied', 'Grant what the step privileges names.'],
  '60 81': ['database-not-found', 'Check config.database.'],
  '159 160 209': ['timeout', queryTimeoutRemediation],
  '202 700': ['too-many-connections', 'Raise max_concurrent_queries_for_user, or stop queries of the user.'],
  '158 307 396': ['server-error', 'Raise max_rows_to_read and max_result_rows in the settings profile.'],
  '241': ['server-error', 'The server is out of memory: try again later, or raise max_memory_usage.'],
  '201': ['server-error', 'The quota of the user is used up: try again later, or raise it.'],
});

const busyCodes = ['202', '203', '209', '210'];
export const clickhouseFailures = createHttpFailures(
  'x-clickhouse-exception-code',
  clickhouseMeanings,
  busyCodes,
);
