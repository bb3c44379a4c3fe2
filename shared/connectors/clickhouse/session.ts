import type { Dialer } from '../../network/dialer.ts';
import type { Session } from '../connector.ts';
import { encodeHttpHeaders, openHttpSource } from '../http/http-source.ts';
import { isRestRefusal } from '../http/rest-refusal.ts';
import { readGrantLinePrivileges } from '../sql/grant-lines.ts';
import { createScopeRenderer, openSqlSession, type AskSql } from '../sql/sql-session.ts';
import { clickhouseLogins, type ClickhouseTarget } from './config.ts';
import { classifyClickhouseError, clickhouseTimeoutRemediation, toClickhouseRefusal } from './failures.ts';
import { clickhouseQuoter as sql, toClickhouseColumnKind } from './types.ts';

export const openClickhouseSession = (target: ClickhouseTarget, dialer: Dialer): Promise<Session> => {
  const { config, credentials, options, role } = target;
  const schemas = config.database === undefined ? undefined : [config.database];
  const on = schemas?.map((name) => `${sql.quoteName(name)}.*`) ?? ['*.*'];
  const source = openHttpSource(dialer, {
    secure: 'by-ssl-mode',
    login: clickhouseLogins.password,
    toRefusal: toClickhouseRefusal,
    limitMs: options.query_timeout_seconds * 1000,
    timeoutRemediation: clickhouseTimeoutRemediation,
    maxBytes: MAX_CLICKHOUSE_ANSWER_BYTES,
  });
  const headers = encodeHttpHeaders({
    'X-ClickHouse-User': config.username,
    'X-ClickHouse-Key': credentials.password,
    'X-ClickHouse-Database': config.database,
    'X-ClickHouse-Format': 'JSONCompactEachRow',
  });
  let settings = clickhouseSettings;
  const ask: AskSql = async (body, onRow) => {
    const request = { ...config, path: `/?wait_end_of_query=1${settings}`, headers, body };
    try {
      await source.readJsonLines(request, onRow);
    } catch (error) {
      // The user may not change settings, as with `readonly = 1`.
      if (settings === '' || !isRestRefusal(error, '164', '452', '472')) throw error;
      settings = '';
      await ask(body, onRow);
    }
  };
  return openSqlSession(dialer, {
    ask,
    close: () => source[Symbol.dispose](),
    version: 'select version(), currentUser()',
    renderVersion: (version) => `ClickHouse ${version}`,
    readPrivileges: async (account) => {
      const lines: string[] = [];
      await ask('show grants final', ([line]) => void lines.push(String(line)));
      const needs = { writes: ['INSERT', 'CREATE TABLE'], harmless: /^(SHOW|dictGet|NONE|REMOTE)/ };
      return readGrantLinePrivileges(lines, { role, account: sql.quoteName(account), on, ...needs });
    },
    schemas,
    tables: {
      schema: 'database',
      name: 'name',
      kind: `multiIf(engine = 'View', 'view', engine = 'MaterializedView', 'materialized_view',
        match(engine, '^(MySQL|PostgreSQL|MongoDB|SQLite|ODBC|JDBC|S3|URL|HDFS|Azure|Kafka|RabbitMQ|NATS|Redis|Hive|DeltaLake|Hudi|Iceberg)'), 'foreign_table', 'table')`,
      comment: 'comment',
      rows: 'total_rows',
      size_bytes: 'total_bytes',
      primary_key: "arrayMap(part -> trim(both '`' from part), splitByString(', ', primary_key))",
      from: `system.tables where not is_temporary and not startsWith(name, '.inner')`,
    },
    columns: {
      schema: 'database',
      table: 'table',
      name: 'name',
      type: 'type',
      position: 'position',
      nullable: `match(type, '^(LowCardinality\\\\()?Nullable\\\\(')`,
      default: 'default_expression',
      generated: `transform(default_kind, ['MATERIALIZED', 'ALIAS'], ['stored', 'virtual'], '')`,
      comment: 'comment',
      from: `system.columns where default_kind <> 'EPHEMERAL' and not startsWith(table, '.inner')`,
    },
    toColumnKind: toClickhouseColumnKind,
    renderScope: createScopeRenderer(sql.quoteText, ['system', 'information_schema', 'INFORMATION_SCHEMA']),
    renderGrant: (account, table) =>
      `GRANT SELECT ON ${table ? sql.quotePath(table.schema, table.name) : on.join(', ')} TO ${sql.quoteName(account)};`,
    quoteName: sql.quoteName,
    failure: classifyClickhouseError,
  });
};

const MAX_CLICKHOUSE_ANSWER_BYTES = 256 * 2 ** 20;

/** A settings profile may have other values, with which answers are cut silently. https://clickhouse.com/docs/operations/settings/settings */
const clickhouseSettings =
  '&limit=0&offset=0&result_overflow_mode=throw&read_overflow_mode=throw&timeout_overflow_mode=throw';

export const clickhouseSessionModule = { open: openClickhouseSession, failure: classifyClickhouseError };
