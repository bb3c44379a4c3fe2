import type { Dialer } from '../../network/dialer.ts';
import { encodeHttpHeaders, openHttpSource } from '../http/http-source.ts';
import { isRestRefusal } from '../http/rest-refusal.ts';
import { type AskSql, openSqlSession } from '../sql/sql-session.ts';
import type { ClickhouseTarget } from './config.ts';
import { clickhouseFailures } from './failures.ts';
import { clickhouseLogins } from './logins.ts';
import { clickhouseQuoter, toClickhouseColumnKind } from './types.ts';

const openClickhouseSession = ({ config, credentials, options, role }: ClickhouseTarget, dialer: Dialer) => {
  const source = openHttpSource(dialer, {
    secure: 'by-ssl-mode',
    login: clickhouseLogins.password,
    toRefusal: clickhouseFailures.toRefusal,
    limitMs: options.query_timeout_seconds * 1000,
  });
  const headers = encodeHttpHeaders({
    'X-ClickHouse-User': config.username,
    'X-ClickHouse-Key': credentials.password,
    'X-ClickHouse-Database': config.database,
    'X-ClickHouse-Format': 'JSONCompactEachRow',
  });
  let settings = clickhouseSettings;
  const ask: AskSql = async (body, onRow) => {
    try {
      const path = `/?wait_end_of_query=1${settings}`; // an error is then a status, and not the end of an answer
      await source.readJsonLines({ ...config, path, headers, body }, onRow);
    } catch (error) {
      // A profile with `readonly = 1` allows no settings.
      if (settings === '' || !isRestRefusal(error, '164', '452', '472')) throw error;
      settings = '';
      await ask(body, onRow);
    }
  };
  return openSqlSession(dialer, {
    ask,
    close: () => source[Symbol.dispose](),
    version: 'select version(), currentUser()',
    product: 'ClickHouse',
    role,
    schema: config.database,
    systemSchemas: ['system', 'information_schema', 'INFORMATION_SCHEMA'],
    tables: (inScope) => `select database, name, multiIf(engine = 'View', 'view', engine = 'MaterializedView',
        'materialized_view', match(engine, '${remoteEngines}'), 'foreign_table', 'table'), comment, total_rows, total_bytes,
        arrayMap(part -> trim(both '\`' from part), splitByString(', ', primary_key))
      from system.tables where ${inScope('database')} and not is_temporary and not startsWith(name, '.inner')`,
    columns: (inScope) => `select database, table, name, type, position,
        match(type, '^(LowCardinality.)?Nullable'), default_expression, transform(default_kind, ['MATERIALIZED', 'ALIAS'], ['stored', 'virtual'], ''), comment
      from system.columns where ${inScope('database')} and default_kind <> 'EPHEMERAL' and not startsWith(table, '.inner')`,
    toColumnKind: toClickhouseColumnKind,
    grants: { query: 'show grants final', writes: ['INSERT', 'CREATE TABLE'], harmless: /^(SHOW|dictGet)/ },
    quoter: clickhouseQuoter,
    failure: clickhouseFailures.classify,
  });
};

/** Settings of a profile with which an answer is cut silently: https://clickhouse.com/docs/operations/settings/settings */
const clickhouseSettings =
  '&limit=0&offset=0&result_overflow_mode=throw&read_overflow_mode=throw&timeout_overflow_mode=throw';
const remoteEngines =
  '^(MySQL|PostgreSQL|MongoDB|SQLite|ODBC|JDBC|S3|URL|HDFS|Azure|Kafka|Rabbit|NATS|Redis|Delta|Hudi|Iceberg)';

export const clickhouseSessionModule = { open: openClickhouseSession, failure: clickhouseFailures.classify };
