import type { Clock } from '../ports/clock.ts';
import type { Documents } from '../ports/documents.ts';
import type { Ports } from '../ports/ports.ts';
import type { Probe } from '../ports/probe.ts';
import type { Queue } from '../ports/queue.ts';
import type { SigningKeys } from '../ports/signing.ts';
import type { Store } from '../ports/store.ts';
import type { Vault } from '../ports/vault.ts';
import type { DeploymentSettings } from '../settings.ts';
import type { Runtime } from './runtime.ts';

export interface LocalRuntimeOptions {
  readonly store: Store;
  readonly vault: Vault;
  readonly documents: Documents;
  readonly probe: Probe;
  readonly signing: SigningKeys;
  readonly queue: Queue;
  readonly settings: DeploymentSettings;
  readonly clock: Clock;
  readonly writeLog?: (line: string) => void;
}

/** The composition root of a local server: the functions' handlers run in one process, and the probe in others. */
export const createLocalRuntime = ({
  clock,
  settings,
  writeLog,
  ...ports
}: LocalRuntimeOptions): Runtime => ({
  clock,
  settings,
  ...(writeLog && { writeLog }),
  ports: (uses) => Promise.resolve(pickPorts(ports, new Set(Object.keys(uses)))),
});

const pickPorts = (ports: Partial<Ports>, names: ReadonlySet<string>): Partial<Ports> =>
  Object.fromEntries(Object.entries(ports).filter(([name]) => names.has(name)));
