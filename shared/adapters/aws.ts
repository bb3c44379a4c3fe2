import { env } from '../env.ts';
import type { Ports } from '../ports/ports.ts';
import type { Runtime } from './runtime.ts';

/** The composition root on AWS, one per process. It loads only the ports that a function declares. */
export const awsRuntime = (): Runtime => (known ??= create());

let known: Runtime | undefined;

const create = (): Runtime => {
  const clock = Date.now;
  const makers: { readonly [K in keyof Ports]: () => Promise<Ports[K]> | Ports[K] } = {
    store: once(async () => (await import('./aws-store.ts')).openStore()),
    vault: once(async () => (await import('./aws-vault.ts')).openVault(clock)),
    probe: once(async () => (await import('./aws-probe.ts')).openProbe()),
    bus: once(async () => (await import('./aws-bus.ts')).openBus()),
    documents: once(async () => (await import('./file-documents.ts')).fileDocuments()),
  };
  return {
    clock,
    settings: env().SETTINGS,
    ports: async (uses) => {
      const names = Object.keys(makers) as (keyof Ports)[]; // the keys of `makers` are exactly the ports
      const wanted = names.filter((name) => uses[name] !== undefined);
      const made = await Promise.all(wanted.map(async (name) => [name, await makers[name]()] as const));
      return Object.fromEntries(made) as Partial<Ports>; // each name comes with its own port
    },
  };
};

const once = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
};
