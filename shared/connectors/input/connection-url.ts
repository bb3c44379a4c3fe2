import type { ConnectionStringParser, ConnectionStringParts } from '../connector.ts';
import {
  checkKnownOptions,
  foldOptionName,
  parseUrlQuery,
  type QueryOption,
  refuseConnectionString,
  splitUrl,
  type UrlParts,
} from './connection-string-parts.ts';
import {
  listUnsetFields,
  parseAddressTemplate,
  readUrlAddress,
  type UrlFields,
} from './connection-url-address.ts';
import {
  checkUniqueOptions,
  type GivenOption,
  indexOptions,
  readOption,
  type TlsMeaning,
  toNamedTlsDemand,
  type UrlOption,
} from './connection-url-options.ts';
import { resolveTlsMode } from './resolve-tls-mode.ts';

/**
 * The connection strings of one connector. `connector.ts` loads the parser late, with `createLazyParser`:
 *
 *     export const exampleConnectionStrings = createConnectionUrlParser({
 *       schemes: ['example', 'examples'],
 *       address: 'username:password@host:port/database',
 *       options: {
 *         role: 'role', // sets config.role
 *         'sslmode ssl_mode': { values: { off: 'disable', on: 'verify-full' } },
 *         connect_timeout: { timeout: 'seconds' },
 *       },
 *       ignored: 'application_name pool_size',
 *       clients: createOptionSet('role compress queue_size'),
 *     });
 */
export interface ConnectionUrlDefinition {
  /** In lower case. Error messages show the first. */
  readonly schemes: readonly [string, ...string[]];
  /** What a scheme demands of TLS, for schemes that select it: `{ https: 'verify-full', http: 'disable' }`. */
  readonly schemeTls?: Readonly<Record<string, TlsMeaning>>;
  /**
   * The parts of the URL behind `scheme://`, each named for the field that it sets. The host may be another field, and the path may be several
   * fields. A number in place of `port` is the only port that is accepted; without `:port`, none is.
   */
  readonly address: string;
  /** What error messages show instead of `address`. */
  readonly form?: string;
  /** The port of a string that turns TLS off and names no port, if it differs from the connector's default. */
  readonly plainPort?: number;
  /** The fields that belong to `credentials`; all others belong to `config`. Default: `password`. */
  readonly credentials?: readonly string[];
  /** A key may list several names of an option, separated by spaces; error messages show the first. A string is short for `{ field }`. */
  readonly options?: Readonly<Record<string, string | UrlOption>>;
  /** The names of options without effect, separated by white space. */
  readonly ignored?: string;
  /** Whether an option without effect may appear more than once. */
  readonly ignoredMayRepeat?: boolean;
  /** The option names of clients of this kind (`createOptionSet`): error messages repeat only these. */
  readonly clients: ReadonlySet<string>;
  /** How much the spelling of an option may differ: `any-separator` ignores case, `-`, `_`, `.` and spaces. Default: `exact`. */
  readonly spelling?: keyof typeof nameFolds;
  /** Whether clients read a plus in the query as a space. It is refused in a secret, where it may be either. */
  readonly plusIsBlank?: boolean;
  /** Prepares a value before it is compared with the `values` of its option. */
  readonly foldValue?: (value: string) => string;
  /** What an option without a value does: `keep` sets its field to '', `skip` ignores it even if it has `values`. Default: sets no field. */
  readonly emptyValues?: 'keep' | 'skip';
  /** Pairs of fields, or of options without a field, of which a string may contain one. */
  readonly exclusive?: readonly (readonly [string, string])[];
  /** Reads the host part of a URL that may name several hosts. */
  readonly readHosts?: (url: UrlParts, refuseForm: () => never) => UrlFields;
  /** Changes what the address sets, depending on the fields that options set. */
  readonly adjustAddress?: (fields: UrlFields, optionFields: ReadonlySet<string>, url: UrlParts) => UrlFields;
  /** Reads a string that is a list of options, or returns `undefined` for a URL. */
  readonly readList?: (text: string) => readonly QueryOption[] | undefined;
  /** The last step, for rules of this connector alone. */
  readonly complete?: (
    parts: ConnectionStringParts,
    options: readonly GivenOption[],
  ) => ConnectionStringParts;
}

const nameFolds = {
  exact: (name: string) => name,
  'any-case': (name: string) => name.toLowerCase(),
  'any-separator': foldOptionName,
} as const;

/** Creates the parser of a connector's connection strings. An error message says what is expected and contains no value of the string. */
export const createConnectionUrlParser = (definition: ConnectionUrlDefinition): ConnectionStringParser => {
  const { schemes, address, readList, adjustAddress, complete } = definition;
  const form = `${schemes[0]}://${definition.form ?? address.replace(/:\d+/, '')}, with special characters percent-encoded`;
  const template = parseAddressTemplate(address);
  const unset = definition.readHosts ? {} : listUnsetFields(template, definition.exclusive);
  const secrets = new Set(definition.credentials ?? ['password']);
  const fold = nameFolds[definition.spelling ?? 'exact'];
  const index = indexOptions(definition, fold);
  const findOption = (name: string) => index.get(fold(name));

  const parse = (text: string): ConnectionStringParts => {
    const list = readList?.(text);
    const url = list ? undefined : splitUrl(text, schemes, form);
    const pairs =
      list ??
      parseUrlQuery(url?.query ?? '', {
        plusIsBlank: definition.plusIsBlank ?? false,
        secret: (name) => secrets.has(findOption(name)?.field ?? ''),
      });
    checkKnownOptions(
      pairs.map(([name]) => name),
      {
        isTaken: (name) => findOption(name) !== undefined,
        clients: definition.clients,
        where: list ? 'the list' : 'the query',
      },
    );
    const options = pairs.flatMap(([name, value]) => {
      const option = findOption(name);
      return option ? [{ ...option, value }] : [];
    });
    checkUniqueOptions(options, definition.ignoredMayRepeat);
    const fromUrl = url ? readUrlAddress(url, template, form, definition.readHosts) : {};
    const optionFields = new Set(options.flatMap(({ field }) => field ?? []));
    const fromAddress = url && adjustAddress ? adjustAddress(fromUrl, optionFields, url) : fromUrl;
    for (const { field, name } of options)
      if (field !== undefined && Object.hasOwn(fromAddress, field))
        refuseConnectionString(`${field} once, in the address or as the option ${name}`);
    const parts = toConnectionStringParts({ ...unset, ...fromAddress }, options, url?.scheme, definition);
    return complete?.(parts, options) ?? parts;
  };
  return { schemes, parse };
};

const toConnectionStringParts = (
  address: UrlFields,
  given: readonly GivenOption[],
  scheme: string | undefined,
  {
    emptyValues,
    schemeTls = {},
    exclusive = [],
    credentials: secrets = ['password'],
    plainPort,
  }: ConnectionUrlDefinition,
): ConnectionStringParts => {
  const effects = given.filter(({ value }) => value !== '' || emptyValues !== 'skip').map(readOption);
  const set = effects.flatMap(({ field, value }) => (field === undefined ? [] : [[field, value] as const]));
  const kept = set.filter(([, value]) => value !== '' || emptyValues === 'keep');
  const stated = Object.entries({ ...address, ...Object.fromEntries(kept) })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, checkField(name, value)] as const);
  const present = new Set([
    ...stated.map(([name]) => name),
    ...effects.flatMap(({ field, name }) => (field === undefined ? [name] : [])),
  ]);
  for (const [one, other] of exclusive)
    if (present.has(one) && present.has(other)) refuseConnectionString(`${one} or ${other}, not both`);
  const schemeDemand = toNamedTlsDemand(`${scheme}://`, schemeTls[scheme ?? '']);
  const mode = resolveTlsMode(
    [...effects.map(({ tls }) => tls), schemeDemand].filter((tls) => tls !== undefined),
  );
  const isPlain = plainPort !== undefined && mode === 'disable' && !present.has('port');
  const fields = isPlain ? [...stated, ['port', plainPort] as const] : stated;
  const seconds = effects.find((effect) => effect.seconds !== undefined)?.seconds;
  return {
    config: Object.fromEntries(fields.filter(([name]) => !secrets.includes(name))),
    credentials: Object.fromEntries(
      fields.filter(([name]) => secrets.includes(name)).map(([name, value]) => [name, String(value)]),
    ),
    options: {
      ...(mode && { ssl_mode: mode }),
      ...(seconds !== undefined && { connection_timeout_seconds: seconds }),
    },
  };
};

/** Checks and converts the fields that most connectors have. */
const checkField = (name: string, value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  if (name === 'host' && value.includes(',')) refuseConnectionString('one host');
  if (name === 'host' && /^[/@]/.test(value))
    refuseConnectionString('a host that is reached over TCP, not a socket path');
  if (name !== 'port') return value;
  return /^\d{1,5}$/.test(value) ? Number(value) : refuseConnectionString('a port from 1 to 65535');
};
