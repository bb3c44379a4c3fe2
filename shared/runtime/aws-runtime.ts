import { readEnv } from '../env.ts';
import type { Ports } from '../ports/ports.ts';
import type { Runtime } from './runtime.ts';

/** The composition root on AWS, one per process. It loads only the ports that a function declares. */
export const getAwsRuntime = (): Runtime => (awsRuntimeInstance ??= createAwsRuntime());

let awsRuntimeInstance: Runtime | undefined;

const createAwsRuntime = (): Runtime => {
  const clock = Date.now;
  const makers: { readonly [K in keyof Ports]: () => Promise<Ports[K]> | Ports[K] } = {
    store: memoize(async () => (await import('./aws-store.ts')).openAwsStore()),
    vault: memoize(async () => (await import('./aws-vault.ts')).openAwsVault(clock)),
    probe: memoize(async () => (await import('./aws-probe.ts')).openAwsProbe()),
    bus: memoize(async () => (await import('./aws-bus.ts')).openAwsBus()),
    queue: memoize(async () => (await import('./aws-queue.ts')).openAwsQueue()),
    signing: memoize(async () => (await import('./aws-signing.ts')).openAwsSigningKeys()),
    parking: memoize(async () => (await import('./aws-parking.ts')).openAwsParking()),
    documents: memoize(async () => (await import('./file-documents.ts')).createFileDocuments()),
  };
  return {
    clock,
    settings: readEnv().SETTINGS,
    ports: async (uses) => {
      const names = Object.keys(makers) as (keyof Ports)[]; // the keys of `makers` are exactly the ports
      const wanted = names.filter((name) => uses[name] !== undefined);
      const made = await Promise.all(wanted.map(async (name) => [name, await makers[name]()] as const));
      return Object.fromEntries(made) as Partial<Ports>; // each name comes with its own port
    },
  };
};

const memoize = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
};
