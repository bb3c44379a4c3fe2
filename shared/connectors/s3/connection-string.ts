import { createConnectionUrlParser } from '../input/connection-url.ts';
import { s3Options } from '../input/known-options.ts';

/** `s3://key:secret@bucket/prefix?region=…`. No standard defines this form. */
export const s3ConnectionStrings = createConnectionUrlParser({
  schemes: ['s3'],
  address: 'access_key_id:secret_access_key@bucket/prefix',
  form: 'access_key_id:secret_access_key@bucket/prefix?region=…&endpoint=…',
  credentials: ['secret_access_key', 'session_token', 'role_arn', 'external_id'],
  options: {
    region: 'region',
    endpoint: 'endpoint',
    session_token: 'session_token', // base64, often pasted without percent-encoding: a plus stays a plus
    role_arn: 'role_arn',
    external_id: 'external_id',
  },
  clients: s3Options,
  emptyValues: 'keep',
});
