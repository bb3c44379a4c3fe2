import type { ConnectionString } from '../connector.ts';
import { s3Options } from '../known-options.ts';
import { decoded, readAddress, readQuery, refuse, refuseRepeated, refuseUnknown } from '../string-parts.ts';

/** Parses `s3://key:secret@bucket/prefix?region=…`. No standard defines this form. */
export const connectionString: ConnectionString = {
  schemes: ['s3'],
  parse: (text) => {
    const { host, port, path, query, username: key, password: secret } = readAddress(text, form);
    if (!/^s3:/i.test(text)) refuse('a string that begins with s3://');
    if (port) refuse('no port: name another server as the option endpoint, percent-encoded');
    // A plus stays a plus: session tokens are base64, and are often pasted without percent-encoding.
    const given = readQuery(query);
    const names = given.map(([name]) => name);
    refuseUnknown(names, { isTaken: (name) => Object.hasOwn(options, name), clients: s3Options });
    refuseRepeated(names);

    const prefix = decoded(path, form);
    const fields = (home: 'config' | 'credentials') =>
      Object.fromEntries(given.filter(([name]) => options[name] === home));
    return {
      config: {
        ...(host && { bucket: host }),
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
