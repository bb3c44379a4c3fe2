import type { SessionTarget } from '../../shared/connectors/connector.ts';
import type { connectors } from '../../shared/connectors/registry.ts';
import type { TlsSettings } from '../../shared/network/dialer.ts';
import type { ProblemCode } from '../../shared/problem.ts';

/** How a bomb does harm: by nesting, by a length or number that it claims, or by the work and the bytes that it becomes. */
export const kinds = ['depth', 'claim', 'work'] as const;

/** One piece of hostile data, made by a script, and what has to become of it. */
export interface Bomb {
  readonly kind: (typeof kinds)[number];
  /** Serves it until it is disposed of. */
  readonly serve: () => Promise<Served>;
  readonly outcome: Outcome;
}

export interface Served extends AsyncDisposable {
  readonly asked: Asked;
}

/** What a process of its own is asked to read. */
export interface Asked {
  readonly connector: keyof typeof connectors;
  readonly target: SessionTarget;
  readonly tlsSettings: TlsSettings;
  /** Without it the whole catalog is read. */
  readonly only?: 'test';
}

/** A problem of that code, or a catalog in which each of these is missing and each of these tables has its columns. */
export type Outcome =
  | { readonly code: ProblemCode }
  | {
      readonly missing: readonly string[];
      readonly tables?: Readonly<Record<string, number>>;
    };

/** What became of it, and what it took. */
export interface Effect {
  readonly code?: string;
  readonly missing: readonly string[];
  /** How many columns each of the first tables has. */
  readonly tables: Readonly<Record<string, number>>;
  readonly peakMb: number;
}

/** All bombs of one format. */
export interface Format {
  /** What the process that reads may take at its peak, its code and driver included. */
  readonly mostMb: number;
  readonly bombs: Readonly<Record<string, Bomb>>;
}
