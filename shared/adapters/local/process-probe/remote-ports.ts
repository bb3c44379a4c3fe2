import { Conflict, type Store } from '../../../ports/store.ts';
import type { Vault } from '../../../ports/vault.ts';
import { Problem } from '../../../problem.ts';
import { type PortOutcome, type PortRequest, servedPorts } from './messages.ts';

/** The parent's side: performs the store and vault requests of a probe process. Never throws. */
export const createPortServer =
  (ports: { readonly store: Store; readonly vault: Vault }, report: (error: unknown) => void) =>
  async ({ port, method, parameters }: PortRequest): Promise<PortOutcome> => {
    try {
      const served: readonly string[] = servedPorts[port];
      if (!served.includes(method)) throw new Error(`The probe may not ask for ${method}`);
      const methods = ports[port] as unknown as Readonly<Record<string, PortMethod>>; // only the methods in `servedPorts` are called
      return { value: await methods[method]?.(...parameters) };
    } catch (error) {
      if (error instanceof Conflict) return { conflict: error.change };
      if (error instanceof Problem)
        return { problem: { code: error.code, detail: error.message, extras: error.extras } };
      report(error);
      return { failed: `The ${port} failed` };
    }
  };

type PortMethod = (...parameters: readonly unknown[]) => Promise<unknown>;

/** The child's side: a store and a vault that send each call to the parent. */
export const createRemotePorts = (ask: (request: PortRequest) => Promise<PortOutcome>) => {
  const createMethod =
    (port: PortRequest['port'], method: string): PortMethod =>
    async (...parameters) => {
      const outcome = await ask({ port, method, parameters });
      if ('value' in outcome) return outcome.value;
      if ('conflict' in outcome) throw new Conflict(outcome.conflict);
      if ('failed' in outcome) throw new Error(outcome.failed);
      const { code, detail, extras } = outcome.problem;
      throw new Problem(code, detail, extras);
    };
  const createMethods = (port: PortRequest['port']) =>
    Object.fromEntries(servedPorts[port].map((method) => [method, createMethod(port, method)]));
  return {
    store: createMethods('store') as unknown as Store, // `servedPorts` lists all its methods
    vault: createMethods('vault') as unknown as Vault, // methods that the probe does not use are missing
  };
};
