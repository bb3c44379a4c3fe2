import type { ConnectionStringParts } from '../connector.ts';
import { databricksOptions } from '../known-options.ts';
import { decoded, readAddress, readQuery, refuse, refuseRepeated, refuseUnknown } from '../string-parts.ts';

/** Parses `databricks://token:…@host?http_path=…&catalog=…&schema=…`: https://docs.databricks.com/dev-tools/sqlalchemy */
export const parse = (text: string): ConnectionStringParts => {
  const { host, port, path, query, username, password } = readAddress(text, form);
  if (!/^databricks:/i.test(text)) refuse('a string that begins with databricks://');
  // SQLAlchemy decodes the query as form data: https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls
  const given = readQuery(query, { plusIsBlank: true });
  const names = given.map(([name]) => name);
  refuseUnknown(names, { isTaken: (name) => options.has(name), clients: databricksOptions });
  refuseRepeated(names);
  if (port !== '' && port !== '443') refuse('the port 443 or none');
  if (username !== '' && username !== 'token') refuse('the word token for a user');
  const schema = decoded(path, form);
  if (schema !== '' && names.includes('schema')) refuse('schema once, in the path or as the option schema');
  return {
    config: {
      ...(host !== '' && { host }),
      ...(schema !== '' && { schema }),
      ...Object.fromEntries(given),
    },
    credentials: password === '' ? {} : { token: password },
    options: {},
  };
};

const form = 'databricks://token:…@host?http_path=…, with what is special in a token percent-encoded';
const options: ReadonlySet<string> = new Set(['http_path', 'catalog', 'schema']);
