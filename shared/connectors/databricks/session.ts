import * as v from 'valibot';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import { createRest } from '../bigquery/rest.ts';
import type { Session, Target } from '../connector.ts';
import { connectDriver, loadDriver } from './driver.ts';
import { introspect } from './introspect.ts';
import { logins } from './logins.ts';
import { privilegesOf } from './privileges.ts';
import { queriesOf } from './query.ts';
import type { Query, Row } from './query.ts';
import { sessionConfiguration } from './session-state.ts';
import { failure } from './failures.ts';

interface Settings {
  readonly host: string;
  readonly http_path: string;
  readonly catalog?: string | undefined;
  readonly schema?: string | undefined;
}
type Secrets = Readonly<Partial<Record<'token' | 'client_id' | 'client_secret', string>>>;

export const open = async (
  { config, credentials, options, role, endpoint, hide }: Target<Settings, Secrets>,
  dialer: Dialer,
): Promise<Session> => {
  const at = new URL(endpoint ?? `https://${config.host}`);
  if (at.protocol !== 'https:') throw new Problem('tls-required', 'Databricks is spoken to by HTTPS alone');
  const limitMs = options.query_timeout_seconds * 1000;
  const { catalog } = config;
  // Catalogs keep names in lower case, and their views compare them as text: https://docs.databricks.com/sql/language-manual/sql-ref-names
  const schema = config.schema?.toLowerCase();
  const loaded = await loadDriver();
  const driver = await dialer.step('authenticate', async () => {
    const token = await tokenOf(credentials, at, dialer);
    hide?.([token]);
    return connectDriver(
      loaded,
      dialer,
      { host: at.hostname, port: Number(at.port || 443), path: config.http_path },
      {
        token,
        limitMs,
        catalog,
        schema,
        configuration: sessionConfiguration(config.http_path, limitMs),
      },
    );
  });
  const { query, metadata } = queriesOf(driver.session, limitMs);
  const place = async () => {
    const row = await firstOf(query, 'select current_catalog() as catalog, current_user() as account');
    return { catalog: catalog ?? String(row['catalog']), account: String(row['account']) };
  };

  return {
    ping: async () => {
      const { version } = await firstOf(query, 'select version() as version');
      return `Databricks, Spark ${/^\d[\w.-]{0,40}/.exec(String(version))?.[0] ?? 'of unknown version'}`;
    },
    privileges: async () => privilegesOf(query, await place(), { schema, role }),
    introspect: async (scope, sink) => {
      const schemas = scope.schemas ?? (schema === undefined ? undefined : [schema]);
      const excludedSchemas = scope.excludedSchemas.map((name) => name.toLowerCase());
      return introspect({ query, metadata }, await place(), { schemas, excludedSchemas }, sink);
    },
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
  };
};

const firstOf = async (query: Query, sql: string): Promise<Row> => {
  const rows: Row[] = [];
  await query(sql, (row) => void rows.push(row));
  const [row] = rows;
  if (!row) throw new Problem('protocol-mismatch', 'Expected a row of the server');
  return row;
};

/** Requests the token of a service principal, because the driver would dial by itself. https://docs.databricks.com/dev-tools/auth/oauth-m2m */
const tokenOf = async (
  { token, client_id, client_secret }: Secrets,
  at: URL,
  dialer: Dialer,
): Promise<string> => {
  if (token !== undefined) return token;
  using rest = createRest(dialer, true, logins.oauth);
  const basic = Buffer.from(`${client_id}:${client_secret}`).toString('base64');
  const answer = await rest.ask({
    url: new URL('/oidc/v1/token', at),
    headers: { authorization: `Basic ${basic}` },
    body: String(new URLSearchParams({ grant_type: 'client_credentials', scope: 'all-apis' })),
    answer: v.object({ access_token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,8192}$/)) }),
  });
  return answer.access_token;
};

export const databricksSessionModule = { open, failure };
