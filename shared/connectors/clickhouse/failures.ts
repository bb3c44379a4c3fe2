import { createFailureTable } from '../failure-table.ts';
import type { HttpRefusal } from '../http/http-source.ts';
import { classifyRestRefusal, createRestRefusal } from '../http/rest-refusal.ts';

/** Keeps the code, and nothing of the message, which repeats the query. */
export const toClickhouseRefusal = ({ status, headers }: HttpRefusal): Error =>
  createRestRefusal(status, /^\d{1,5}$/.exec(String(headers['x-clickhouse-exception-code']))?.[0]);

export const classifyClickhouseError = (error: unknown) => classifyRestRefusal(error, clickhouseFailures);

export const clickhouseTimeoutRemediation = 'Raise query_timeout_seconds, or name the schemas that you need.';

/** https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp */
const clickhouseFailures = createFailureTable({
  '192 193 194 516': ['authentication-failed'],
  '195': ['permission-denied', 'Allow the addresses that `vantage` names in the HOST clause of the user.'],
  '720': ['credentials-expired', 'Extend VALID UNTIL of the user with ALTER USER.'],
  '291 497': ['permission-denied', 'Grant what the step privileges names.'],
  '60 81': ['database-not-found', 'Check config.database.'],
  '159 160 209': ['timeout', clickhouseTimeoutRemediation],
  '202 700': [
    'too-many-connections',
    'Raise max_concurrent_queries_for_user, or stop other queries of the user.',
  ],
  '158 307 396': ['server-error', 'Raise max_rows_to_read and max_result_rows in the settings profile.'],
  '241': ['server-error', 'The server is out of memory: try again later, or raise max_memory_usage.'],
  '201': ['server-error', 'The quota of the user is used up: try again later, or raise it with ALTER QUOTA.'],
});
