import * as v from 'valibot';

// Patterns have no flags, because forms are built from JSON Schema, which has none.

/** One host name or IP address: no list, no socket path, no scheme. The egress policy decides whether it may be dialed. */
export const HostField = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9\u00a1-\uffff._:%[\]-]{1,255}$/, 'one host name or IP address'),
);

export const PortField = v.pipe(
  v.number(),
  v.integer('a whole number'),
  v.minValue(1, 'a port from 1 to 65535'),
  v.maxValue(65_535, 'a port from 1 to 65535'),
);

/** A user, database or schema. NUL is refused: wire protocols end strings with NUL, so text after it could be read as more settings. */
export const NameField = v.pipe(
  v.string(),
  v.regex(/^[ -~\u00a0-\uffff]{1,255}$/, '1 to 255 characters, none of them a control character'),
);

export const NamesField = v.pipe(
  v.array(NameField),
  v.minLength(1, '1 to 200 names'),
  v.maxLength(200, '1 to 200 names'),
);

/** Any text without NUL (see `NameField`). Long enough for tokens of cloud providers. */
export const SecretField = v.pipe(
  v.string(),
  v.regex(/^[^\0]{1,16384}$/, '1 to 16384 characters, none of them NUL'),
  v.metadata({ writeOnly: true }),
);

/** A secret that is sent as the value of an HTTP header. */
export const HeaderSecretField = v.pipe(
  v.string(),
  v.maxLength(16_384, '1 to 16384 characters'),
  v.regex(
    /^[!-~\u00a1-\uffff](?:[ -~\u00a0-\uffff]*[!-~\u00a1-\uffff])?$/,
    '1 to 16384 characters, none of them a control character, and no space at either end',
  ),
  v.metadata({ writeOnly: true }),
);

/** Whether a field of the credentials is secret. Some are not, such as an access key id or a region. */
export const isSecretField = (field: v.GenericSchema): boolean =>
  v.getMetadata(field)['writeOnly'] === true ||
  ('wrapped' in field && isSecretField(field.wrapped as v.GenericSchema)); // an optional field wraps its schema

/** An AWS region. It becomes part of host names and signatures. */
export const RegionField = v.pipe(
  v.string(),
  v.regex(/^[a-z]{2,4}(-[a-z]{2,12}){1,3}-\d{1,2}$/, 'an AWS region such as eu-west-1'),
);
