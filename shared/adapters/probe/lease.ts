import { keys } from '../../domain/keys.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { Conflict } from '../../ports/store.ts';
import type { Bench } from '../direct-probe.ts';

/** Held as long as its holder lives: after a crash the next one waits no longer than this. */
const heldMs = 45_000;

interface Lease extends AsyncDisposable {
  /** The snapshot that a holder who died was writing. */
  readonly abandoned: string | undefined;
}

/** The right of `holder` to introspect a connection, renewed until it is disposed of; `undefined` while somebody else has it. */
export const takeLease = async (
  bench: Bench,
  tenant: Tenant,
  id: string,
  snapshot: string,
  holder: string,
): Promise<Lease | undefined> => {
  const { store, clock, log } = bench;
  const key = keys.lease(tenant, id);
  const held = await store.get(key);
  if (held && Number(held['until']) > clock()) return undefined;
  const item = () => ({
    put: { ...key, layout: 1, token: snapshot, snapshot, holder, until: clock() + heldMs },
  });
  try {
    await store.write([{ ...item(), if: held ? { token: String(held['token']) } : 'absent' }]);
  } catch (error) {
    if (error instanceof Conflict) return undefined;
    throw error;
  }
  const renewal = setInterval(() => {
    store.write([{ ...item(), if: { token: snapshot } }]).catch((error: unknown) => {
      // Given back meanwhile.
      if (!(error instanceof Conflict)) log.error('the lease of an introspection was not renewed', error);
    });
  }, heldMs / 3);
  return {
    abandoned: typeof held?.['snapshot'] === 'string' ? held['snapshot'] : undefined,
    [Symbol.asyncDispose]: async () => {
      clearInterval(renewal);
      await releaseLease(bench, tenant, id, snapshot);
    },
  };
};

/** The snapshot that this holder of the lease was writing, where it has it still. */
export const findHeldSnapshot = async (
  { store }: Pick<Bench, 'store'>,
  tenant: Tenant,
  id: string,
  holder: string,
): Promise<string | undefined> => {
  const held = await store.get(keys.lease(tenant, id));
  return held?.['holder'] === holder && typeof held['snapshot'] === 'string' ? held['snapshot'] : undefined;
};

/** Gives the lease back, unless somebody else has taken it over. */
export const releaseLease = async (
  { store }: Pick<Bench, 'store'>,
  tenant: Tenant,
  id: string,
  snapshot: string,
): Promise<void> => {
  await store.write([{ remove: keys.lease(tenant, id), if: { token: snapshot } }]).catch((error: unknown) => {
    if (!(error instanceof Conflict)) throw error;
  });
};
