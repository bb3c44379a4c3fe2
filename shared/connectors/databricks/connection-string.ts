import type { ConnectionStringParts } from '../connector.ts';
import { databricksOptions } from '../input/known-options.ts';
import {
  decodePercentEncoded,
  parseUrlAddress,
  parseUrlQuery,
  refuseConnectionString,
  checkUniqueOptions,
  checkKnownOptions,
} from '../input/connection-string-parts.ts';

/** Parses `databricks://token:…@host?http_path=…&catalog=…&schema=…`: https://docs.databricks.com/dev-tools/sqlalchemy */
export const parseDatabricksConnectionString = (text: string): ConnectionStringParts => {
  const { host, port, path, query, username, password } = parseUrlAddress(text, databricksStringForm);
  if (!/^databricks:/i.test(text)) refuseConnectionString('a string that begins with databricks://');
  // SQLAlchemy decodes the query as form data: https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls
  const queryOptions = parseUrlQuery(query, { plusIsBlank: true });
  const names = queryOptions.map(([name]) => name);
  checkKnownOptions(names, {
    isTaken: (name) => databricksStringOptions.has(name),
    clients: databricksOptions,
  });
  checkUniqueOptions(names);
  if (port !== '' && port !== '443') refuseConnectionString('the port 443 or none');
  if (username !== '' && username !== 'token') refuseConnectionString('the word token for a user');
  const schema = decodePercentEncoded(path, databricksStringForm);
  if (schema !== '' && names.includes('schema'))
    refuseConnectionString('schema once, in the path or as the option schema');
  return {
    config: {
      ...(host !== '' && { host }),
      ...(schema !== '' && { schema }),
      ...Object.fromEntries(queryOptions),
    },
    credentials: password === '' ? {} : { token: password },
    options: {},
  };
};

const databricksStringForm =
  'databricks://token:…@host?http_path=…, with what is special in a token percent-encoded';
const databricksStringOptions: ReadonlySet<string> = new Set(['http_path', 'catalog', 'schema']);
