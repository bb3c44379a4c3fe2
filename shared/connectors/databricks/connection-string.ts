import type { ConnectionStringParts } from '../connector.ts';
import { decoded, named, refuse } from '../string-parts.ts';

/** `databricks://token:…@host?http_path=…&catalog=…&schema=…`: https://docs.databricks.com/dev-tools/sqlalchemy */
export const parse = (text: string): ConnectionStringParts => {
  const url = URL.canParse(text) ? new URL(text) : refuse(form);
  if (url.protocol !== 'databricks:') refuse('a string that begins with databricks://');
  // An @ this late, or a fragment, is a token that was not encoded: not a word of it may be taken for an option's name.
  if (url.hash || `${url.pathname}${url.search}`.includes('@')) refuse(form);
  const names = [...new Set(url.searchParams.keys())];
  const unknown = names.filter((name) => !options.has(name));
  if (unknown.length > 0) refuse(`no option ${unknown.map(named).join(', ')}`);
  for (const name of names) if (url.searchParams.getAll(name).length > 1) refuse(`the option ${name} once`);
  if (url.port !== '' && url.port !== '443') refuse('the port 443 or none');
  const user = decoded(url.username, form);
  if (user !== '' && user !== 'token') refuse('the word token for a user');
  const schema = decoded(url.pathname.slice(1), form);
  if (schema !== '' && names.includes('schema')) refuse('schema once, in the path or as the option schema');
  const password = decoded(url.password, form);
  const host = decoded(url.hostname, form);
  return {
    config: {
      ...(host !== '' && { host }),
      ...(schema !== '' && { schema }),
      ...Object.fromEntries(names.map((name) => [name, url.searchParams.get(name)])),
    },
    credentials: password === '' ? {} : { token: password },
    options: {},
  };
};

const form = 'databricks://token:…@host?http_path=…, with what is special in a token percent-encoded';
const options: ReadonlySet<string> = new Set(['http_path', 'catalog', 'schema']);
