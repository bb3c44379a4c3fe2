import { refuseConnectionString } from '../input/connection-string-parts.ts';
import { createConnectionUrlParser } from '../input/connection-url.ts';
import { databricksOptions } from '../input/known-options.ts';

/** `databricks://token:…@host?http_path=…&catalog=…&schema=…`: https://docs.databricks.com/dev-tools/sqlalchemy */
export const databricksConnectionStrings = createConnectionUrlParser({
  schemes: ['databricks'],
  address: 'user:token@host:443/schema',
  form: 'token:…@host?http_path=…',
  credentials: ['token'],
  options: { http_path: 'http_path', catalog: 'catalog', schema: 'schema' },
  clients: databricksOptions,
  // SQLAlchemy decodes the query as form data: https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls
  plusIsBlank: true,
  emptyValues: 'keep',
  complete: ({ config: { user = 'token', ...config }, ...parts }) =>
    user === 'token' ? { ...parts, config } : refuseConnectionString('the word token as the user'),
});
