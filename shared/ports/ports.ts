import type { Bus } from './bus.ts';
import type { Documents } from './documents.ts';
import type { MeteredProbe, Probe } from './probe.ts';
import type { ReadStore, Store } from './store.ts';
import type { RemoveVault, SweepVault, Vault, WriteVault } from './vault.ts';

/** Everything that code may touch outside its own process, by what it may do there. */
export interface Ports {
  readonly store: Store;
  readonly vault: Vault;
  readonly probe: Probe;
  readonly bus: Bus;
  readonly documents: Documents;
}

/** What a function may touch. Types what it is handed, and becomes its IAM grants. */
export interface Uses {
  /** `sweep` also asks which table it is. */
  readonly store?: 'read' | 'write' | 'sweep';
  /** `write` makes and removes secrets and can never read one; `remove` cannot even make one; `read` is the probe's alone; `sweep` lists, removes and restores. */
  readonly vault?: 'write' | 'remove' | 'read' | 'sweep';
  /** The functions of the probe that it may invoke; several are separated by a blank. */
  readonly probe?: 'test' | 'introspect' | 'credentials' | 'test credentials';
  readonly bus?: 'put';
  readonly documents?: 'read';
}

interface Narrow {
  readonly store: { readonly read: ReadStore; readonly write: Store; readonly sweep: Store };
  readonly vault: {
    readonly write: WriteVault;
    readonly remove: RemoveVault;
    readonly read: Vault;
    readonly sweep: SweepVault;
  };
  readonly probe: {
    readonly test: Pick<Probe, 'test'>;
    readonly introspect: Pick<MeteredProbe, 'introspect' | 'admit'>;
    readonly credentials: Pick<Probe, 'credentials'>;
    readonly 'test credentials': Pick<Probe, 'test' | 'credentials'>;
  };
  readonly bus: { readonly put: Bus };
  readonly documents: { readonly read: Documents };
}

/** The ports that were declared, each with no more than the access that was declared. */
export type PortsFor<U extends Uses> = {
  readonly [K in keyof U & keyof Narrow]: U[K] extends keyof Narrow[K] ? Narrow[K][U[K]] : never;
};
