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
    isTransient: clickhouseFailures.isTransient,
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
    const used = settings;
    try {
      const path = `/?wait_end_of_query=1${used}`; // an error is then a status, and not the end of an answer
      await source.readJsonLines({ host: config.host, port: config.port, path, headers, body }, onRow);
    } catch (error) {
      // A profile with `readonly = 1` allows no settings, and versions before 24.10 do not know FINAL.
      const retried = isRestRefusal(error, '62') ? body.replace(/ final$/, '') : body;
      if (isRestRefusal(error, '164', '452', '472')) settings = '';
      if (settings === used && retried === body) throw error;
      await ask(retried, onRow);
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
        'materialized_view', match(engine, '${remoteEngines}'), 'foreign_table', 'table'), comment, total_rows,
        if(engine in ('Distributed', 'Buffer'), null, total_bytes),
        arrayMap(part -> trim(both '\`' from part), splitByString(', ', primary_key))
      from system.tables where ${inScope('database')} and not is_temporary and not match(name, '^[.](tmp[.])?inner')`,
    columns: (inScope) => `select database, table, name, type, position,
        match(type, '^(LowCardinality.)?Nullable'), default_expression, transform(default_kind, ['MATERIALIZED', 'ALIAS'], ['stored', 'virtual'], ''), comment
      from system.columns where ${inScope('database')} and default_kind <> 'EPHEMERAL' and not match(table, '^[.](tmp[.])?inner')`,
    toColumnKind: toClickhouseColumnKind,
    schemas: 'select name from system.databases',
    grants: { query: 'show grants final', writes: ['INSERT', 'CREATE TABLE'], harmless: /^(SHOW|dictGet)/ },
    quoter: clickhouseQuoter,
    failure: clickhouseFailures.classify,
  });
};

/** Settings of a profile with which an answer is cut silently: https://clickhouse.com/docs/operations/settings/settings */
const clickhouseSettings =
  '&limit=0&offset=0&result_overflow_mode=throw&read_overflow_mode=throw&timeout_overflow_mode=throw';
const remoteEngines =
  '^(MySQL|PostgreSQL|MongoDB|SQLite|ODBC|JDBC|S3|URL|HDFS|Azure|Kafka|Rabbit|NATS|Redis|Hive|Delta|Hudi|Iceberg|COSN|OSS|GCS)';

export const clickhouseSessionModule = { open: openClickhouseSession, failure: clickhouseFailures.classify };
