import type { asks, tlsKinds } from '../../recording/recorder.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The settings in a request that decide where and how a connection's secrets are sent. */
export interface Settings {
  readonly config: Fields;
  readonly credentials: Fields;
  readonly sslMode: string | null | undefined;
  readonly authority: 'ours' | 'other' | null | undefined;
  readonly withCertificate: boolean;
  /** Whether credentials are separate, among the fields of `config`, or in a URL. */
  readonly written: 'apart' | 'in config' | 'as a URL';
}

export interface Caller {
  /** 0 is the organisation that owns the connection. */
  readonly org: 0 | 1;
  readonly scopes: readonly string[];
}

export const apiNames = ['v1', 'providers', 'management', 'profiles', 'registrations'] as const;
export type ApiName = (typeof apiNames)[number];

/** An update. A connection with a platform secret gets `naming` instead of credentials. */
export interface Patch extends Settings {
  readonly naming: Fields;
}

export interface Draft extends Settings {
  readonly mode: 'managed' | 'platform';
  readonly flavor: string | undefined;
  readonly api: ApiName;
}

export interface Tagging {
  readonly arn: number;
  readonly servers: readonly number[];
  readonly weakest: string | undefined;
  readonly withPorts: boolean;
}

export interface ServerChange {
  readonly server: number;
  readonly of: 'own' | 'registry' | 'deployment';
  readonly tls: (typeof tlsKinds)[number];
  readonly asks: (typeof asks)[number];
  readonly announces: number | undefined;
}

export type Step =
  | {
      readonly do: 'change' | 'replace' | 'change by management' | 'test with a patch';
      readonly on: number;
      readonly by: Caller;
      readonly patch: Patch;
      /** Whether its credentials fit the other mode. */
      readonly crossed: boolean;
      readonly other: Fields;
    }
  | {
      readonly do:
        | 'test'
        | 'read the schema'
        | 'validate'
        | 'complete'
        | 'delete'
        | 'restore'
        | 'test by management'
        | 'read by management'
        | 'validate by management'
        | 'complete by profile';
      readonly on: number;
      readonly by: Caller;
    }
  | {
      readonly do: 'test a draft' | 'verify a draft' | 'test a profile';
      readonly by: Caller;
      readonly draft: Draft;
    }
  | { readonly do: 'behave'; readonly change: ServerChange }
  | { readonly do: 'tag'; readonly tagging: Tagging };

/** A connection and the organisation that creates it. */
type Made = readonly [org: 0 | 1, draft: Draft];

export interface Scenario {
  readonly drafts: readonly [first: Made, second: Made];
  readonly servers: readonly ServerChange[];
  readonly tags: readonly Tagging[];
  readonly steps: readonly Step[];
}
