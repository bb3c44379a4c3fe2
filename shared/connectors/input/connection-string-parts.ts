import { Problem } from '../../problem.ts';

// Only the parsers of connection strings use this file: they are loaded late, and this file with them.

/** The message contains what was expected and never what was received, which may be a password. */
export const refuseConnectionString = (expected: string): never => {
  throw new Problem('invalid-request', `connection_string: expected ${expected}`, {
    errors: [{ path: 'connection_string', expected }],
  });
};

const encodingExpectation = 'two hexadecimal digits after each %: write % itself as %25';

export const decodePercentEncoded = (text: string, expected = encodingExpectation): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuseConnectionString(expected);
  }
};

/** The parts of a URL, still percent-encoded and without the characters between them. */
export interface UrlParts {
  readonly scheme: string;
  readonly login: string;
  readonly place: string;
  readonly path: string;
  readonly query: string;
}

/**
 * Splits `scheme://login@place/path?query`. `new URL()` would drop line breaks, read everything up to the last @ as the login and resolve `..`;
 * this function refuses ambiguous text and reports that `form` was expected.
 */
export const splitUrl = (text: string, schemes: readonly [string, ...string[]], form: string): UrlParts => {
  const [match, scheme = '', login = '', place = '', path = '', query = ''] =
    /^([a-z][a-z0-9+.:-]*):\/\/(?:([^/?#@\s]*)@)?([^/?#@\s]*)(?:\/([^?#@\s]*))?(?:\?([^#@\s]*))?$/i.exec(
      text,
    ) ?? [];
  if (match === undefined) refuseConnectionString(form);
  if (!schemes.includes(scheme.toLowerCase()))
    refuseConnectionString(`a string that begins with ${schemes[0]}://`);
  return { scheme: scheme.toLowerCase(), login, place, path, query };
};

/** Refuses `postgresql://https://db.example.com/shop`, whose host would be `https`. */
export const checkSingleScheme = (place: string, path: string): void => {
  if (path.startsWith('/') || /^https?:?$/i.test(place))
    refuseConnectionString('one scheme: remove the second one before the host');
};

export type QueryOption = readonly [name: string, value: string];

interface QueryRules {
  /** Whether clients of this scheme read a plus as a blank. Otherwise it stays a plus, as in RFC 3986. */
  readonly plusIsBlank?: boolean;
  /** Whether the value of the option is a secret: a plus in it is refused if it could be a blank. */
  readonly secret?: (name: string) => boolean;
}

/** Returns the decoded options in their order. */
export const parseUrlQuery = (
  query: string,
  { plusIsBlank = false, secret }: QueryRules = {},
): readonly QueryOption[] =>
  query
    .split('&')
    .filter(Boolean)
    .map((pair) => {
      const at = pair.indexOf('=');
      const [name, value] = at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      if (!plusIsBlank) return [decodePercentEncoded(name), decodePercentEncoded(value)];
      const option = decodePercentEncoded(name.replaceAll('+', ' '));
      if (value.includes('+') && secret?.(option))
        refuseConnectionString('%2B for a plus and %20 for a space in a secret: a + could be either');
      return [option, decodePercentEncoded(value.replaceAll('+', ' '))];
    });

/** Folds the spellings of one option to the same text: `ssl-mode`, `ssl_mode`, `sslMode`, `ssl.mode`, `SSL Mode`. */
export const foldOptionName = (name: string): string => name.toLowerCase().replaceAll(/[-_. ]/g, '');

/**
 * Refuses options that the parser does not accept. The message repeats a name only if a client of this kind has such an option; any other
 * name may be part of a password, so the message contains its position instead.
 */
export const checkKnownOptions = (
  names: readonly string[],
  { isTaken, clients, where = 'the query' }: OptionRules,
): void => {
  const unknown = names.flatMap((name, at) => (isTaken(name) ? [] : [{ name, at: at + 1 }]));
  if (unknown.length === 0) return;
  const isName = ({ name }: { readonly name: string }) => clients.has(foldOptionName(name));
  const known = [...new Set(unknown.filter(isName).map(({ name }) => name))];
  const others = unknown.filter((option) => !isName(option)).map(({ at }) => at);
  const positions =
    others.length > MAX_LISTED_POSITIONS ? [...others.slice(0, MAX_LISTED_POSITIONS), '…'] : others;
  const plural = others.length > 1 ? 's' : '';
  const listed = [
    ...(known.length > 0 ? [`no option ${known.join(', ')}`] : []),
    ...(others.length > 0
      ? [`no unknown option${plural} (option${plural} ${positions.join(', ')} of ${where})`]
      : []),
  ];
  const remediations = [
    ...new Set(known.flatMap((name) => findOptionRemediation(foldOptionName(name)) ?? [])),
  ];
  refuseConnectionString(
    `${listed.join(' and ')}${remediations.length > 0 ? `: ${remediations.join('; ')}` : ''}`,
  );
};

const MAX_LISTED_POSITIONS = 20;

interface OptionRules {
  readonly isTaken: (name: string) => boolean;
  /** The option names of clients of this kind, folded. */
  readonly clients: ReadonlySet<string>;
  readonly where?: string;
}

/** Finds the way to express a refused option in Mooring. */
const findOptionRemediation = (name: string): string | undefined =>
  optionRemediations.find(([names]) => names.test(name))?.[1];

const optionRemediations: readonly (readonly [RegExp, string])[] = [
  [
    /^(ssl|tls)(root|server)?(ca|ca?cert(ificate)?|capath|cafile|calocation|capem|castring)$|truststore|^sslrootcert$|^servercertificate$|^sslcrl/,
    'send the certificates themselves as ssl.ca',
  ],
  [
    /^(ssl|tls)(client)?(cert|key|identity|password|certificatekeyfile|certificatelocation|certificatekeyfilepassword|keylocation|keypassword)|keystore|^clientcert|^clientkey/,
    'send the certificate and its key themselves as ssl.cert and ssl.key',
  ],
  [
    /hostnameincertificate|^ssltargetname|dnmatch/,
    'use a certificate that names the host: ssl_mode verify-full checks the name',
  ],
  [/^requireauth$|^gssencmode$|^krb|^integratedsecurity$/, 'set credentials.auth_method instead'],
];

/** Returns the connection timeout in seconds, at most 300, or `undefined` for 0, which means the default. */
export const parseTimeoutSeconds = (option: string, value: string, { unit = 1 } = {}): number | undefined => {
  if (!/^\d{1,9}$/.test(value)) refuseConnectionString(`a whole number for ${option}`);
  const seconds = Math.min(Math.ceil(Number(value) / unit), 300);
  return seconds > 0 ? seconds : undefined;
};
