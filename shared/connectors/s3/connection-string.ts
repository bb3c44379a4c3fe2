import type { ConnectionString } from '../connector.ts';
import { decoded, refuse } from '../string-parts.ts';

/** `s3://key:secret@bucket/prefix?region=…`: there is no standard for it. */
export const connectionString: ConnectionString = {
  schemes: ['s3'],
  parse: (text) => {
    const url = URL.canParse(text) ? new URL(text) : refuse(form);
    if (url.protocol !== 's3:') refuse('a string that begins with s3://');
    // An @ this late, or a fragment, is a secret that was not encoded: not a word of it may be taken for an option's name.
    if (url.hash || `${url.pathname}${url.search}`.includes('@')) refuse(form);
    if (url.port) refuse('no port: name another server as the option endpoint, percent-encoded');
    const names = [...new Set(url.searchParams.keys())];
    const unknown = names.filter((name) => !Object.hasOwn(options, name));
    if (unknown.length > 0) refuse(`no option ${unknown.map(named).join(', ')}`);
    for (const name of names) if (url.searchParams.getAll(name).length > 1) refuse(`the option ${name} once`);

    const bucket = decoded(url.hostname, form);
    const prefix = decoded(url.pathname.slice(1), form);
    const key = decoded(url.username, form);
    const secret = decoded(url.password, form);
    const fields = (home: 'config' | 'credentials') =>
      Object.fromEntries(
        names
          .filter((name) => options[name] === home)
          .map((name) => [name, url.searchParams.get(name) ?? '']),
      );
    return {
      config: {
        ...(bucket && { bucket }),
        ...(prefix && { prefix }),
        ...(key && { access_key_id: key }),
        ...fields('config'),
      },
      credentials: { ...(secret && { secret_access_key: secret }), ...fields('credentials') },
      options: {},
    };
  },
};

const options: Readonly<Record<string, 'config' | 'credentials'>> = {
  region: 'config',
  endpoint: 'config',
  session_token: 'credentials',
  role_arn: 'credentials',
  external_id: 'credentials',
};

const form =
  's3://access_key_id:secret_access_key@bucket/prefix?region=…, with what is special in a secret percent-encoded';

/** A name that looks like none may be a piece of a secret. */
const named = (name: string) => (/^[A-Za-z][A-Za-z0-9_]{0,40}$/.test(name) ? name : '*');
