import type { ConnectionStringParts } from './connector.ts';

/**
 * What the tests that are the same for every connector need to know about one. Each connector's folder has a `contract-sample.ts` that exports one as
 * `contractSample`. Only tests load it. Secrets in it do not look real.
 */
export interface ConnectorSample {
  /** The smallest config that a connection may have. */
  readonly config: SampleFields;
  /** One set of fields for each auth method. */
  readonly credentials: Readonly<Record<string, SampleCredentials>>;
  /** Names that need no quotes. Default: names of letters, digits, `_`, `$` and `-`. */
  readonly bareNames?: RegExp;
  /** Default: `scheme://me:secret@db.example.test:12345/shop`, with the fields `host`, `port`, `database`, `username` and `password`. */
  readonly connectionString?: ConnectionStringSample;
  /**
   * The fields of `config` that direct the connector to a server. Default: `host` and `port`. `endpoint` is for a service with a fixed host, which
   * only the deployment replaces.
   */
  readonly directTo?: 'endpoint' | ((server: SampleServer) => SampleFields);
  /** By login in `logins.ts` of the connector: how to make the connector use it. */
  readonly logins: Readonly<Record<string, LoginSample | readonly LoginSample[]>>;
  /**
   * Values of the tag `mooring:host` that allow the destination of `config`, and some that do not. Default: its host alone and with the default port,
   * and another host or port.
   */
  readonly hostTags?: { readonly allowing: readonly string[]; readonly other: readonly string[] };
  /** By field in `strength` that is no URL: each change of its value, from and to, that does not weaken the login. Default: none. */
  readonly harmlessChanges?: Readonly<Record<string, readonly (readonly [from: string, to: string])[]>>;
}

export type SampleFields = Readonly<Record<string, unknown>>;

/** The fields of one auth method. If one is a private key that the connector reads, a function of such a key in PEM, which the test generates. */
export type SampleCredentials =
  Readonly<Record<string, string>> | ((privateKey: string) => Readonly<Record<string, string>>);

export interface ConnectionStringSample {
  /** A connection string with as many fields as it can have, and a secret that is already encoded. */
  readonly url: (scheme: string, secret: string) => string;
  /** All fields that the connector reads from that string. */
  readonly says: (secret: string) => Pick<ConnectionStringParts, 'config' | 'credentials'>;
}

export interface LoginSample {
  /** Default: the first auth method of the connector. */
  readonly method?: string;
  /** The field of the credentials with the secret that the login sends. */
  readonly secret?: string;
  /** Fields of the credentials besides those of the auth method. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Fields of the config that the login needs. */
  readonly config?: (server: SampleServer) => SampleFields;
}

export interface SampleServer {
  readonly host: string;
  readonly port: number;
  /** What its URL begins with, for a connector whose config names a URL. */
  readonly scheme: 'http' | 'https';
}
