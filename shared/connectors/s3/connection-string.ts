import type { ConnectionStringParser } from '../connector.ts';
import { s3Options } from '../input/known-options.ts';
import {
  decodePercentEncoded,
  parseUrlAddress,
  parseUrlQuery,
  refuseConnectionString,
  checkUniqueOptions,
  checkKnownOptions,
} from '../input/connection-string-parts.ts';

/** Parses `s3://key:secret@bucket/prefix?region=…`. No standard defines this form. */
export const s3ConnectionStrings: ConnectionStringParser = {
  schemes: ['s3'],
  parse: (text) => {
    const { host, port, path, query, username: key, password: secret } = parseUrlAddress(text, s3StringForm);
    if (!/^s3:/i.test(text)) refuseConnectionString('a string that begins with s3://');
    if (port) refuseConnectionString('no port: name another server as the option endpoint, percent-encoded');
    // A plus stays a plus: session tokens are base64, and are often pasted without percent-encoding.
    const queryOptions = parseUrlQuery(query);
    const names = queryOptions.map(([name]) => name);
    checkKnownOptions(names, {
      isTaken: (name) => Object.hasOwn(s3OptionSections, name),
      clients: s3Options,
    });
    checkUniqueOptions(names);

    const prefix = decodePercentEncoded(path, s3StringForm);
    const pickOptions = (section: 'config' | 'credentials') =>
      Object.fromEntries(queryOptions.filter(([name]) => s3OptionSections[name] === section));
    return {
      config: {
        ...(host && { bucket: host }),
        ...(prefix && { prefix }),
        ...(key && { access_key_id: key }),
        ...pickOptions('config'),
      },
      credentials: { ...(secret && { secret_access_key: secret }), ...pickOptions('credentials') },
      options: {},
    };
  },
};

const s3OptionSections: Readonly<Record<string, 'config' | 'credentials'>> = {
  region: 'config',
  endpoint: 'config',
  session_token: 'credentials',
  role_arn: 'credentials',
  external_id: 'credentials',
};

const s3StringForm =
  's3://access_key_id:secret_access_key@bucket/prefix?region=…, with what is special in a secret percent-encoded';
