import * as v from 'valibot';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import { createRestClient } from '../http/rest-client.ts';
import type { Session } from '../connector.ts';
import { connectDatabricksDriver, loadDatabricksDriver } from './driver.ts';
import { introspectDatabricks } from './introspect.ts';
import { databricksLogins } from './logins.ts';
import { readDatabricksPrivileges } from './privileges.ts';
import { createDatabricksQueries } from './query.ts';
import type { DatabricksQuery, DatabricksRow } from './query.ts';
import { createDatabricksConfiguration } from './session-state.ts';
import { classifyDatabricksError } from './failures.ts';
import type { DatabricksTarget } from './config.ts';

export const openDatabricksSession = async (
  { config, credentials, options, role, endpoint, hide }: DatabricksTarget,
  dialer: Dialer,
): Promise<Session> => {
  const workspaceUrl = new URL(endpoint ?? `https://${config.host}`);
  if (workspaceUrl.protocol !== 'https:')
    throw new Problem('tls-required', 'Expected an https endpoint for Databricks', {
      remediation: 'Configure an https endpoint for databricks in the deployment.',
    });
  const limitMs = options.query_timeout_seconds * 1000;
  const { catalog } = config;
  // Catalogs keep names in lower case, and their views compare them as text: https://docs.databricks.com/sql/language-manual/sql-ref-names
  const schema = config.schema?.toLowerCase();
  const loaded = await loadDatabricksDriver();
  const driver = await dialer.step('authenticate', async () => {
    const token = await resolveDatabricksToken(credentials, workspaceUrl, dialer);
    hide?.([token]);
    return connectDatabricksDriver(
      loaded,
      dialer,
      { host: workspaceUrl.hostname, port: Number(workspaceUrl.port || 443), path: config.http_path },
      {
        token,
        limitMs,
        catalog,
        schema,
        configuration: createDatabricksConfiguration(config.http_path, limitMs),
      },
    );
  });
  const { query, metadata } = createDatabricksQueries(driver.session, limitMs);
  const readContext = async () => {
    const row = await queryFirstDatabricksRow(
      query,
      'select current_catalog() as catalog, current_user() as account',
    );
    return { catalog: catalog ?? String(row['catalog']), account: String(row['account']) };
  };

  return {
    ping: async () => {
      const { version } = await queryFirstDatabricksRow(query, 'select version() as version');
      return `Databricks, Spark ${/^\d[\w.-]{0,40}/.exec(String(version))?.[0] ?? 'of unknown version'}`;
    },
    privileges: async () => readDatabricksPrivileges(query, await readContext(), { schema, role }),
    introspect: async (scope, sink) => {
      const schemas = scope.schemas ?? (schema === undefined ? undefined : [schema]);
      const excludedSchemas = scope.excludedSchemas.map((name) => name.toLowerCase());
      return introspectDatabricks(
        { query, metadata },
        await readContext(),
        { schemas, excludedSchemas },
        sink,
      );
    },
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
  };
};

const queryFirstDatabricksRow = async (query: DatabricksQuery, sql: string): Promise<DatabricksRow> => {
  const rows: DatabricksRow[] = [];
  await query(sql, (row) => void rows.push(row));
  const [row] = rows;
  if (!row) throw new Problem('protocol-mismatch', 'Expected a row in the answer of the server');
  return row;
};

/** Requests the token of a service principal, because the driver would dial by itself. https://docs.databricks.com/dev-tools/auth/oauth-m2m */
const resolveDatabricksToken = async (
  { token, client_id, client_secret }: DatabricksTarget['credentials'],
  workspaceUrl: URL,
  dialer: Dialer,
): Promise<string> => {
  if (token !== undefined) return token;
  using rest = createRestClient(dialer, {
    secure: true,
    login: databricksLogins.oauth,
    api: 'the token endpoint of a Databricks workspace',
  });
  const basic = Buffer.from(`${client_id}:${client_secret}`).toString('base64');
  const answer = await rest.ask({
    url: new URL('/oidc/v1/token', workspaceUrl),
    headers: { authorization: `Basic ${basic}` },
    body: String(new URLSearchParams({ grant_type: 'client_credentials', scope: 'all-apis' })),
    answer: v.object({ access_token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,8192}$/)) }),
  });
  return answer.access_token;
};

export const databricksSessionModule = { open: openDatabricksSession, failure: classifyDatabricksError };
