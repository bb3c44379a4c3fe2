import { Problem } from '../problem.ts';

// For parsers of connection strings alone: they are loaded late, and so is this.

/** Says what was expected and never what stood there: it may be a password. */
export const refuse = (expected: string): never => {
  throw new Problem('invalid-request', `connection_string: expected ${expected}`, {
    errors: [{ path: 'connection_string', expected }],
  });
};

const encoded = 'a string whose every % begins two hexadecimal digits, as in %25 for % itself';

/** A part of a string without its percent-encoding. */
export const decoded = (text: string, expected = encoded): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse(expected);
  }
};

export interface Address {
  readonly username: string;
  readonly password: string;
  readonly host: string;
  readonly port: string;
  /** Still percent-encoded, without its first slash. */
  readonly path: string;
  /** Still percent-encoded, without its question mark. */
  readonly query: string;
}

/**
 * Splits `scheme://user:password@host:port/path?query`. `new URL()` would drop line breaks, take everything up to the last @ for the password
 * and resolve `..`: here whatever can be read in two ways is refused with `form`.
 */
export const readAddress = (text: string, form: string): Address => {
  const [match, login = '', place = '', path = '', query = ''] =
    /^[a-z][a-z0-9+.:-]*:\/\/(?:([^/?#@\s]*)@)?([^/?#@\s]*)(\/[^?#@\s]*)?(?:\?([^#@\s]*))?$/i.exec(text) ??
    [];
  if (match === undefined) refuse(form);
  const [, bracketed, bare = '', port = ''] =
    /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::(\d{0,5}))?$/.exec(place) ?? refuse(form);
  checkOneScheme(bare, path);
  const colon = login.indexOf(':');
  return {
    username: decoded(colon === -1 ? login : login.slice(0, colon)),
    password: colon === -1 ? '' : decoded(login.slice(colon + 1)),
    host: decoded(bracketed ?? bare),
    port,
    path: path.slice(1),
    query,
  };
};

/** In `postgresql://https://db.example.com/shop` the host would be `https`. */
export const checkOneScheme = (place: string, path: string): void => {
  if (path.startsWith('//') || /^https?:?$/i.test(place))
    refuse('one scheme: the host without https:// before it');
};

export type Option = readonly [name: string, value: string];

interface QueryForm {
  /** Whether the clients of this scheme take a plus for a blank; else it stays a plus, as in RFC 3986. */
  readonly plusIsBlank?: boolean;
  /** Options whose value is a secret: a plus in one is refused where it could be a blank. */
  readonly secret?: (name: string) => boolean;
}

/** The options of a query in their order, decoded. */
export const readQuery = (
  query: string,
  { plusIsBlank = false, secret }: QueryForm = {},
): readonly Option[] =>
  query
    .split('&')
    .filter(Boolean)
    .map((pair) => {
      const at = pair.indexOf('=');
      const [name, value] = at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      if (!plusIsBlank) return [decoded(name), decoded(value)];
      const option = decoded(name.replaceAll('+', ' '));
      if (value.includes('+') && secret?.(option))
        refuse('%2B for a plus and %20 for a blank in a secret: a + alone could be either');
      return [option, decoded(value.replaceAll('+', ' '))];
    });

/** As makers spell the same option: `ssl-mode`, `ssl_mode`, `sslMode`, `ssl.mode`, `SSL Mode`. */
export const foldName = (name: string): string => name.toLowerCase().replaceAll(/[-_. ]/g, '');

/**
 * Refuses options that the parser does not take. A name is repeated only where a client of this kind has an option of that name: any other
 * may be a piece of a password, and its position is given instead.
 */
export const refuseUnknown = (
  names: readonly string[],
  { isTaken, clients, where = 'the query' }: UnknownOptions,
): void => {
  const unknown = names.flatMap((name, at) => (isTaken(name) ? [] : [{ name, at: at + 1 }]));
  if (unknown.length === 0) return;
  const isName = ({ name }: { readonly name: string }) => clients.has(foldName(name));
  const known = [...new Set(unknown.filter(isName).map(({ name }) => name))];
  const others = unknown.filter((option) => !isName(option)).map(({ at }) => at);
  const positions = others.length > MOST_POSITIONS ? [...others.slice(0, MOST_POSITIONS), '…'] : others;
  const told = [
    ...known,
    ...(others.length > 0
      ? [`of another form or name than its clients have (option ${positions.join(', ')} of ${where})`]
      : []),
  ];
  const cures = [...new Set(known.flatMap((name) => cureFor(foldName(name)) ?? []))];
  refuse(`no option ${told.join(', ')}${cures.length > 0 ? `: ${cures.join('; ')}` : ''}`);
};

const MOST_POSITIONS = 20;

interface UnknownOptions {
  readonly isTaken: (name: string) => boolean;
  /** The names that some client of this kind has, folded. */
  readonly clients: ReadonlySet<string>;
  readonly where?: string;
}

/** How to say here what a refused option demands. */
const cureFor = (name: string): string | undefined => cures.find(([names]) => names.test(name))?.[1];

const cures: readonly (readonly [RegExp, string])[] = [
  [
    /^(ssl|tls)(root|server)?(ca|ca?cert(ificate)?|capath|cafile|calocation|capem|castring)$|truststore|^servercertificate$|^sslcrl/,
    'send the certificates themselves as ssl.ca',
  ],
  [
    /^(ssl|tls)(client)?(cert|key|identity|password|certificatekeyfile|certificatelocation|certificatekeyfilepassword|keylocation|keypassword)|keystore|^clientcert|^clientkey/,
    'send the certificate and its key themselves as ssl.cert and ssl.key',
  ],
  [
    /hostnameincertificate|^ssltargetname|dnmatch/,
    'the certificate must name the host itself: ssl_mode verify-full checks that',
  ],
  [
    /^requireauth$|^gssencmode$|^krb|^integratedsecurity$/,
    'this client logs in as credentials.auth_method says',
  ],
];

/** Refuses an option that is there twice, under whatever spelling: no client agrees with another on which one counts. */
export const refuseRepeated = (names: readonly string[]): void => {
  const seen = new Map<string, string>();
  for (const name of names) {
    const first = seen.get(foldName(name));
    if (first !== undefined)
      refuse(`the option ${name} once${first === name ? '' : `: ${first} once is the same`}`);
    seen.set(foldName(name), name);
  }
};

/** Seconds for a time to connect, at most 300; `undefined` where 0 leaves it to the default. */
export const readSeconds = (option: string, value: string, { unit = 1 } = {}): number | undefined => {
  if (!/^\d{1,9}$/.test(value)) refuse(`as ${option} a whole number`);
  const seconds = Math.min(Math.ceil(Number(value) / unit), 300);
  return seconds > 0 ? seconds : undefined;
};
