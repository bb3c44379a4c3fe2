import type * as v from 'valibot';
import type { Dialer } from '../network/dialer.ts';
import type { FieldError, ProblemCode } from '../problem.ts';
import type { Missing, CatalogScope, TableSink } from './catalog.ts';
import type { NameRules } from './name-rules.ts';
import type { CommentMark } from './reading/join-first-lines.ts';
import type { TypeNames } from './type-names.ts';

export const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];

/** A live connection to a source. `await using` closes it, also after a failure. */
export interface Session extends AsyncDisposable {
  /** Makes the cheapest authenticated round trip. Returns the product and version of the server: `PostgreSQL 16.4`. */
  ping(): Promise<string>;
  /** Reads which privileges the account lacks for the role of the connection and which it does not need. Each has a statement to run, or a comment. Lists may be long. */
  privileges(): Promise<Privileges>;
  /**
   * Passes every table of the scope to the sink and returns what is missing from the catalog. Calls `learnNames` if the settings of the server
   * determine how names compare.
   */
  introspect(
    scope: CatalogScope,
    sink: TableSink,
    learnNames?: (names: NameRules) => void,
  ): Promise<readonly Missing[]>;
}

export interface Privileges {
  readonly missing: readonly { readonly what: string; readonly grant: string }[];
  readonly excess: readonly { readonly what: string; readonly revoke: string }[];
}

/** The input for a session, already parsed with the schemas of the connector. */
export interface SessionTarget<
  Config = Readonly<Record<string, unknown>>,
  Credentials = Readonly<Record<string, string>>,
> {
  readonly config: Config;
  /** The fields of one auth method, and `auth_method`. */
  readonly credentials: Credentials & { readonly auth_method: string };
  readonly options: {
    readonly ssl_mode: SslMode;
    readonly query_timeout_seconds: number;
    /** For connectors that can use several connections. Default: 2. */
    readonly max_connections?: number;
  };
  readonly role: 'source' | 'target';
  /** The URL with which the deployment replaces the fixed host of a service. Without it, only the hosts of the service are dialed. */
  readonly endpoint?: string;
  /** All such URLs, by service, for connectors that call several services. */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** Adds secrets that were obtained during the session to those that logs never contain. */
  readonly hide?: (secrets: Iterable<string>) => void;
}

/** The meaning of an error of a driver. `native` is the code of the source, shown as `native_code`. */
export interface SourceFailure {
  readonly code: ProblemCode;
  readonly native?: string;
  /** Replaces the general remediation of the problem code. */
  readonly remediation?: string;
}

/** The fields that a connection string contains. The string itself is never kept. */
export interface ConnectionStringParts {
  readonly config: Readonly<Record<string, unknown>>;
  readonly credentials: Readonly<Record<string, string>>;
  readonly options: Readonly<{ ssl_mode?: SslMode; connection_timeout_seconds?: number }>;
}

/** Parses the connection strings of some schemes. */
export interface ConnectionStringParser {
  readonly schemes: readonly string[];
  /** Throws `invalid-request` with the names of options that are not allowed, and never with a value. */
  readonly parse: (text: string) => ConnectionStringParts;
}

/** Creates a parser whose code is loaded with the first connection string, so that functions that only list connectors do not load it. */
export const createLazyParser = (
  schemes: readonly string[],
  load: () => Promise<ConnectionStringParser>,
): NonNullable<Connector['connectionString']> => ({
  schemes,
  parse: async (text) => (await load()).parse(text),
});

/**
 * How the values of a field compare in security. `exact`: no two values compare. `url`: https is stronger than http to the same host and
 * port. Otherwise chains of values from the weakest to the strongest, '' for an absent value: values without a common chain do not compare.
 */
export type StrengthOrder = 'exact' | 'url' | readonly (readonly string[])[];

/** A destination named in `config` that a secret may be sent to. */
export interface NamedSource {
  /** A tag entry that covers the whole source, as an alternative to entries for its hosts. */
  readonly entry?: string;
  /** Its hosts. The port is absent if `config` does not contain it. Empty if the source runs on hosts of the service. */
  readonly hosts: readonly { readonly host: string; readonly port?: number }[];
  /** Whether the name may resolve to the host in DNS. */
  readonly standsFor?: (host: string) => boolean;
}

export interface SourceReach {
  readonly named: readonly NamedSource[];
  /** The ports that a tag entry without a port allows. Default: the default port of the connector. */
  readonly bareEntry?: 'any-port' | 'no-port' | number;
  /** Whether a host belongs to the source without a tag entry: hosts of the service, which no caller chooses. */
  readonly includes?: (host: string, port: number) => boolean;
  /** Whether part of the source is used without TLS, independent of `ssl_mode`. */
  readonly inClear?: boolean;
}

/** Spells a name as in a query of this kind of source. */
export type QuoteName = (identifier: string) => string;

/** One kind of source: a plain value in its own folder, and a line in the registry. */
export interface Connector {
  readonly title: string;
  /** The npm package that speaks the wire protocol, unless the protocol is plain HTTP. Only the probe bundles it. */
  readonly driver?: string;
  readonly defaultPort?: number;
  /** The oldest supported server version, as its vendor spells it. */
  readonly minimum?: string;
  /** The fields that may be stored and shown. */
  readonly config: FieldsSchema;
  /** The fields that go to the vault and nowhere else, by auth method. The first auth method is the default. */
  readonly credentials: Readonly<Record<string, FieldsSchema>>;
  /** Fields of `config` that determine where the credentials are sent: a change of one locks the credentials. */
  readonly destination: readonly string[];
  /**
   * Fields of `destination` and `credentials`, including `auth_method`, that determine how secrets are sent. An update without the secrets may
   * only make their values stronger. Fields of `credentials` that are not listed may change freely.
   */
  readonly strength: Readonly<Record<string, StrengthOrder>>;
  /** Secret fields with a separate login, to which `strength` does not apply. They stay when another field needs its secret again. */
  readonly separateLogins?: readonly string[];
  /** The destinations that `config` names: in platform mode the tags of the secret must cover all of them. May throw what `load` would. */
  readonly reach: (config: Readonly<Record<string, unknown>>, mode: SslMode) => SourceReach;
  /** Other services that the connector calls, by their names in `endpoints` of the egress policy. */
  readonly services?: readonly string[];
  /** The kinds of names that autocomplete supports. */
  readonly autocomplete: readonly ('schemas' | 'tables' | 'columns' | 'topics')[];
  /** How names compare when the settings of the server are not known. */
  readonly names: NameRules;
  /** Quotes a name for a query, only if the engine requires it. Loaded late, with its reserved words. */
  readonly loadQuote: () => Promise<QuoteName>;
  /** Begins a comment between the statements of `Privileges`. Default: `--`. */
  readonly commentMark?: CommentMark;
  /** The synonyms of types. Without it, types compare by their spelling, without case. */
  readonly loadTypeNames?: () => Promise<TypeNames>;
  /**
   * Detects values that belong to another field, by field of `config`, and returns what the field expects instead. Hosts, and URLs in place of
   * names, are detected without it.
   */
  readonly misplaced?: Readonly<Record<string, (value: string) => string | undefined>>;
  /** Finds fields that contradict each other, by path. `ssl_mode` is undefined if the request does not set it. */
  readonly contradictions?: (meant: {
    readonly config: Readonly<Record<string, unknown>>;
    readonly auth_method: string;
    readonly ssl_mode: SslMode | undefined;
  }) => readonly FieldError[];
  readonly connectionString?: {
    readonly schemes: readonly string[];
    /** The same as in `ConnectionStringParser`, but may load its code first (`createLazyParser`). */
    readonly parse: (text: string) => ConnectionStringParts | Promise<ConnectionStringParts>;
  };
  /** Loads the session code and the driver. Only the probe calls it. */
  readonly load: () => Promise<SessionModule>;
}

/**
 * The part of a connector that dials, exported by its `session.ts` and loaded by `load`. `logins.ts` beside it lists every login method that the driver
 * may use and what it sends; the dialer permits a login by that list.
 */
export interface SessionModule<T = SessionTarget> {
  /** Classifies an error of the driver. `undefined` falls back to the network codes and then to `server-error`. Pure; never throws. */
  readonly failure: (error: unknown) => SourceFailure | undefined;
  /** Opens a session that uses only sockets of the dialer. Runs the `authenticate` step, and closes everything it opened if it throws. */
  readonly open: (target: T, dialer: Dialer) => Promise<Session>;
}

type FieldsSchema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

interface ConnectorDefinition<
  C extends FieldsSchema,
  K extends Readonly<Record<string, FieldsSchema>>,
> extends Omit<Connector, 'load' | 'config' | 'credentials' | 'reach'> {
  readonly reach: (config: v.InferOutput<C>, mode: SslMode) => SourceReach;
  readonly config: C;
  readonly credentials: K;
  readonly load: () => Promise<SessionModule<ConnectorTarget<C, K>>>;
}

/** The target that a connector's session is opened with, by its schemas of config and credentials. */
export type ConnectorTarget<
  C extends FieldsSchema,
  K extends Readonly<Record<string, FieldsSchema>>,
> = SessionTarget<v.InferOutput<C>, AuthMethodFields<K>>;

/** The fields of all auth methods, each optional. */
type AuthMethodFields<K extends Readonly<Record<string, FieldsSchema>>> = {
  readonly [F in UnionKeys<v.InferOutput<K[keyof K]>>]?: string;
};
type UnionKeys<U> = U extends unknown ? keyof U & string : never;

/** Types the loaded module by the schemas of config and credentials; the domain parses the target with them. */
export const defineConnector = <C extends FieldsSchema, K extends Readonly<Record<string, FieldsSchema>>>(
  definition: ConnectorDefinition<C, K>,
): Connector => definition as unknown as Connector; // its module accepts a narrower target than `SessionTarget`
