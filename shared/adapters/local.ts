import type { Vantage } from '../domain/test-result.ts';
import { createLog } from '../log.ts';
import type { EgressPolicy } from '../network/egress.ts';
import type { Clock } from '../ports/clock.ts';
import type { Documents } from '../ports/documents.ts';
import type { Ports } from '../ports/ports.ts';
import type { Probe } from '../ports/probe.ts';
import type { Store } from '../ports/store.ts';
import type { Vault } from '../ports/vault.ts';
import type { Settings } from '../settings.ts';
import { directProbe } from './direct-probe.ts';
import type { Runtime } from './runtime.ts';

export interface LocalParts {
  readonly store: Store;
  readonly vault: Vault;
  readonly documents: Documents;
  readonly policy: EgressPolicy;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly writeLog?: (line: string) => void;
}

/** The composition root here: the functions' own handlers, with everything in one process. */
export const localRuntime = (parts: LocalParts): Runtime & { readonly probe: Probe } => {
  const { store, vault, documents, settings, clock, writeLog } = parts;
  const probe = localProbe(parts);
  const made: Partial<Ports> = { store, vault, probe, documents };
  return {
    clock,
    settings,
    ...(writeLog && { writeLog }),
    ports: (uses) => Promise.resolve(only(made, new Set(Object.keys(uses)))),
    probe,
  };
};

const only = (ports: Partial<Ports>, names: ReadonlySet<string>): Partial<Ports> =>
  Object.fromEntries(Object.entries(ports).filter(([name]) => names.has(name)));

/** Each call has a log of its own, as each invocation has on AWS: what one hides it need not hide for ever. */
const localProbe = ({ store, vault, policy, clock, writeLog }: LocalParts): Probe => {
  const bench = { store, vault, policy, clock, vantage: here };
  const probeFor = (name: string, { request_id }: { readonly request_id: string }) =>
    directProbe({ ...bench, log: createLog({ function: `probe/${name}`, request_id }, writeLog) });
  return {
    test: (call) => probeFor('test', call).test(call),
    introspect: (call, wait) => probeFor('introspect', call).introspect(call, wait),
    credentials: (call) => probeFor('credentials', call).credentials(call),
  };
};

const here: Vantage = { region: null, vpc_id: null, egress_ips: [] };
