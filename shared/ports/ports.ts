import type { Bus } from './bus.ts';
import type { Documents } from './documents.ts';
import type { Parking } from './parking.ts';
import type { MeteredProbe, Probe } from './probe.ts';
import type { Queue } from './queue.ts';
import type { SigningKeys } from './signing.ts';
import type { ReadStore, Store } from './store.ts';
import type { RemoveVault, SweepVault, Vault, WriteVault } from './vault.ts';

/** All access to anything outside the process. */
export interface Ports {
  readonly store: Store;
  readonly vault: Vault;
  readonly probe: Probe;
  readonly bus: Bus;
  readonly queue: Queue;
  readonly signing: SigningKeys;
  readonly parking: Parking;
  readonly documents: Documents;
}

/** The ports that a function declares. Determines the type of the ports that it receives, and its IAM grants. */
export interface Uses {
  /** `sweep` also reads the identity of the table, and `scan` all items of it. */
  readonly store?: 'read' | 'write' | 'sweep' | 'scan';
  /**
   * `write` creates and removes secrets but never reads one; `remove` cannot create one; `read` is for the probe only; `sweep` lists,
   * removes and restores.
   */
  readonly vault?: 'write' | 'remove' | 'read' | 'sweep';
  /** The probe functions that it may invoke, separated by a space. */
  readonly probe?: 'test' | 'introspect' | 'credentials' | 'test credentials';
  readonly bus?: 'put';
  /** The queues that it may send to. `later-deliveries` takes no first attempts. */
  readonly queue?: 'tests' | 'deliveries' | 'tests deliveries' | 'later-deliveries';
  /** Deriving the secrets of webhooks. */
  readonly signing?: 'derive';
  /** Keeping changes of the table that could not become events. */
  readonly parking?: 'put';
  readonly documents?: 'read';
}

interface NarrowedPorts {
  readonly store: {
    readonly read: ReadStore;
    readonly write: Store;
    readonly sweep: Store;
    readonly scan: Store;
  };
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
  readonly queue: {
    readonly tests: Pick<Queue, 'sendTests'>;
    readonly deliveries: Pick<Queue, 'sendDeliveries'>;
    readonly 'tests deliveries': Queue;
    readonly 'later-deliveries': Pick<Queue, 'sendDeliveries'>;
  };
  readonly signing: { readonly derive: SigningKeys };
  readonly parking: { readonly put: Parking };
  readonly documents: { readonly read: Documents };
}

/** The declared ports, each with no more than the declared access. */
export type PortsFor<U extends Uses> = {
  readonly [K in keyof U & keyof NarrowedPorts]: U[K] extends keyof NarrowedPorts[K]
    ? NarrowedPorts[K][U[K]]
    : never;
};
