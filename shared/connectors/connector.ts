import type * as v from 'valibot';
import type { Dialer } from '../network/dialer.ts';
import type { Complaint, ProblemCode } from '../problem.ts';
import type { Missing, Scope, Sink } from './catalog.ts';
import type { NameRules } from './names.ts';
import type { TypeNames } from './type-names.ts';

export const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];

/** A live connection to a customer's source. Closed by `await using`, also after a failure. */
export interface Session extends AsyncDisposable {
  /** The cheapest authenticated round trip; answers the server's version as the server names itself: `PostgreSQL 16.4`. */
  ping(): Promise<string>;
  /** What the account lacks for the connection's role, and what it has too much of. Each `grant` is a statement to run. */
  privileges(): Promise<Privileges>;
  /**
   * Hands every table of the scope to the sink; what exists but was left out comes back. `learnNames` is called where the server's settings
   * say how names compare.
   */
  introspect(scope: Scope, sink: Sink, learnNames?: (names: NameRules) => void): Promise<readonly Missing[]>;
}

export interface Privileges {
  readonly missing: readonly { readonly what: string; readonly grant: string }[];
  readonly excess: readonly { readonly what: string; readonly cure: string }[];
}

/** What it takes to open a session; parsed against the connector's schemas. */
export interface Target<
  Config = Readonly<Record<string, unknown>>,
  Credentials = Readonly<Record<string, string>>,
> {
  readonly config: Config;
  /** The fields of one auth method, and `auth_method` itself. */
  readonly credentials: Credentials & { readonly auth_method: string };
  readonly options: {
    readonly ssl_mode: SslMode;
    readonly query_timeout_seconds: number;
    /** For connectors that can use more than one; two where it is not said. */
    readonly max_connections?: number;
  };
  readonly role: 'source' | 'target';
  /** The URL that the deployment names in place of a service's fixed host; without it only the service's own hosts are dialled. */
  readonly endpoint?: string;
  /** All that it names, by service: for a connector that asks more than one, each at an endpoint of its own, as AWS has them. */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** From now on nothing that is logged holds these: secrets that were come by on the way. */
  readonly hide?: (secrets: Iterable<string>) => void;
}

/** What a driver's error means. `native` is the source's own code, shown as `native_code`. */
export interface Failure {
  readonly code: ProblemCode;
  readonly native?: string;
  /** The cure for this very case, where the table's is too general. */
  readonly remediation?: string;
}

/** What a connection string says, sorted into our fields; nothing of the string itself is kept. */
export interface ConnectionStringParts {
  readonly config: Readonly<Record<string, unknown>>;
  readonly credentials: Readonly<Record<string, string>>;
  readonly options: Readonly<{ ssl_mode?: SslMode; connection_timeout_seconds?: number }>;
}

/** How connection strings of some schemes are taken apart. */
export interface ConnectionString {
  readonly schemes: readonly string[];
  /** Throws `invalid-request` naming the options that are not allowed, never a value. */
  readonly parse: (text: string) => ConnectionStringParts;
}

/** A parser that is loaded when a connection string comes, and not with every function that knows the connector. */
export const lateParser = (
  schemes: readonly string[],
  load: () => Promise<{ readonly connectionString: ConnectionString }>,
): NonNullable<Connector['connectionString']> => ({
  schemes,
  parse: async (text) => (await load()).connectionString.parse(text),
});

/**
 * How the values of a field compare. `exact`: any other value is another way. `url`: https is stronger than http of the same place. Else
 * chains from the weakest value to the strongest, '' for an absent one: values that share no chain do not compare.
 */
export type Strength = 'exact' | 'url' | readonly (readonly string[])[];

/** Something that `config` names and that a secret may be sent to. */
export interface NamedSource {
  /** An entry of the tag that names it as a whole, in place of its places. */
  readonly entry?: string;
  /** Where it is; without a port, on a port that `config` does not say. None: on hosts of the service itself. */
  readonly places: readonly { readonly host: string; readonly port?: number }[];
  /** Whether a host is one of those that the name stands for in DNS. */
  readonly standsFor?: (host: string) => boolean;
}

export interface Reach {
  readonly named: readonly NamedSource[];
  /** The ports that an entry without one allows; the connector's default port where it is left out. */
  readonly bareEntry?: 'any-port' | 'no-port' | number;
  /** Whether a place belongs to what is named though no entry names it: hosts of the service itself, which no caller chooses. */
  readonly includes?: (host: string, port: number) => boolean;
  /** Whether something of it is spoken to without TLS, whatever `ssl_mode` says. */
  readonly inClear?: boolean;
}

/** Spells a name as a query of this kind of source would. */
export type Quote = (identifier: string) => string;

/** One kind of source. A plain value in a file or folder of its own, and a line in the registry. */
export interface Connector {
  readonly title: string;
  /** The npm package that speaks the wire protocol, where it is not HTTP alone. Only the probe bundles it. */
  readonly driver?: string;
  readonly defaultPort?: number;
  /** The oldest server version that works, as its makers spell it. */
  readonly minimum?: string;
  /** What may be stored and shown. */
  readonly config: ObjectSchema;
  /** What goes to the vault and nowhere else, by auth method; the first is the default. */
  readonly credentials: Readonly<Record<string, ObjectSchema>>;
  /** Fields of `config` that say where the credentials go: a change of one locks them. */
  readonly destination: readonly string[];
  /**
   * Fields of `destination` and of `credentials`, `auth_method` among them, that decide how secrets are sent. Their values may only become
   * stronger without the secrets; a field of `credentials` that is not listed may change freely.
   */
  readonly strength: Readonly<Record<string, Strength>>;
  /** Secret fields with a login of their own, which `strength` says nothing about; they stay when another field asks for its secret again. */
  readonly separateLogins?: readonly string[];
  /** What `config` names, and where that is: in platform mode the tags of the secret must name all of it. May throw what `load` would. */
  readonly reach: (config: Readonly<Record<string, unknown>>, mode: SslMode) => Reach;
  /** Services that it asks besides its own, by their names in the egress policy's `endpoints`. */
  readonly services?: readonly string[];
  /** What autocomplete knows. */
  readonly autocomplete: readonly ('schemas' | 'tables' | 'columns' | 'topics')[];
  /** How names compare where nothing is known of the server's settings. */
  readonly names: NameRules;
  /** How one would paste a name into a query; quotes only where the engine needs it. Its reserved words are loaded with it. */
  readonly loadQuote: () => Promise<Quote>;
  /** Which spellings of a type are one; without it each is a type of its own, in whatever case. */
  readonly loadTypeNames?: () => Promise<TypeNames>;
  /**
   * What people put into a field of `config` that belongs elsewhere, by field: what is expected there instead. Hosts, and URLs in place of
   * names, are known without it.
   */
  readonly misplaced?: Readonly<Record<string, (value: string) => string | undefined>>;
  /** Fields that cannot both be meant, each told by its path; `ssl_mode` is undefined where nobody wrote it. */
  readonly contradictions?: (meant: {
    readonly config: Readonly<Record<string, unknown>>;
    readonly auth_method: string;
    readonly ssl_mode: SslMode | undefined;
  }) => readonly Complaint[];
  readonly connectionString?: {
    readonly schemes: readonly string[];
    /** As `ConnectionString`'s; its code may be loaded first (`lateParser`). */
    readonly parse: (text: string) => ConnectionStringParts | Promise<ConnectionStringParts>;
  };
  /** What speaks to the source, its driver with it: loaded by the probe, and only for this connector. */
  readonly load: () => Promise<Speaker>;
}

/**
 * The half of a connector that dials: `load: () => import('./session.ts')`. Every way to log in that its driver may take stands in
 * `logins.ts` beside it, with what is sent; the dialer permits a login by that.
 */
export interface Speaker<T = Target> {
  /** Says in our words what the driver threw; `undefined` leaves it to the network's table and then `server-error`. Pure; never throws. */
  failure(error: unknown): Failure | undefined;
  /** Opens a session over sockets of the dialer alone. Marks the `authenticate` step; whatever it opened it closes when it throws. */
  open(target: T, dialer: Dialer): Promise<Session>;
}

type ObjectSchema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

interface Definition<C extends ObjectSchema, K extends Readonly<Record<string, ObjectSchema>>> extends Omit<
  Connector,
  'load' | 'config' | 'credentials' | 'reach'
> {
  readonly reach: (config: v.InferOutput<C>, mode: SslMode) => Reach;
  readonly config: C;
  readonly credentials: K;
  readonly load: () => Promise<Speaker<Target<v.InferOutput<C>, Fields<K>>>>;
}

/** The fields of every auth method, each there or not. */
type Fields<K extends Readonly<Record<string, ObjectSchema>>> = {
  readonly [F in AllKeys<v.InferOutput<K[keyof K]>>]?: string;
};
type AllKeys<U> = U extends unknown ? keyof U & string : never;

/** Types what is loaded by the two schemas; the domain has parsed the target against them. */
export const defineConnector = <C extends ObjectSchema, K extends Readonly<Record<string, ObjectSchema>>>(
  definition: Definition<C, K>,
): Connector => definition as unknown as Connector; // its own target is narrower than the one that it is handed
