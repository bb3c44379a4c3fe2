import type { Vantage } from '../../../domain/testing/test-result.ts';
import type { EgressPolicy } from '../../../network/egress.ts';
import type { Probe } from '../../../ports/probe.ts';
import type { Store } from '../../../ports/store.ts';
import type { Vault } from '../../../ports/vault.ts';
import type { ProblemCode, ProblemExtras } from '../../../problem.ts';

/** The first message to a probe process. */
export interface ProbeStart {
  readonly policy: EgressPolicy;
  readonly vantage: Vantage;
  /** Variables that are not in the initial environment of the process, where others could read them. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: WatchLimits;
}

export interface WatchLimits {
  /** Bytes of memory of all kinds. */
  readonly memory: number;
  /** Bytes of V8's heap. */
  readonly heap: number;
  /** Milliseconds of computing without a pause, while a call runs. */
  readonly silence: number;
}

/** Calls and answers are JSON, as between functions on AWS, so that both transports carry the same values. */
export type MessageToProbe =
  | { readonly start: ProbeStart }
  | {
      readonly call: number;
      readonly name: keyof Probe;
      readonly payload: string;
      readonly first?: AnsweredRequest;
    }
  | { readonly asked: number; readonly outcome: PortOutcome };

export type MessageFromProbe =
  | { readonly answered: number; readonly payload: string }
  | { readonly ask: number; readonly request: PortRequest }
  | { readonly line: string };

/** The methods of the store and the vault that the probe may call. */
export const servedPorts = {
  store: ['get', 'getMany', 'query', 'write', 'count'],
  vault: ['read', 'stage', 'replace', 'promote', 'readShared', 'readSharedVersion', 'tags', 'key'],
} as const satisfies { readonly store: readonly (keyof Store)[]; readonly vault: readonly (keyof Vault)[] };

export interface PortRequest {
  readonly port: keyof typeof servedPorts;
  readonly method: string;
  readonly parameters: readonly unknown[];
}

/** The answer to the first request that a call will make. It saves one round trip. */
export interface AnsweredRequest {
  readonly request: PortRequest;
  readonly outcome: PortOutcome;
}

export type PortOutcome =
  | { readonly value: unknown }
  | {
      readonly problem: {
        readonly code: ProblemCode;
        readonly detail: string;
        readonly extras: ProblemExtras;
      };
    }
  | { readonly conflict: number }
  | { readonly failed: string };
