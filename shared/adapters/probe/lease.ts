import { keys } from '../../domain/keys.ts';
import { currentLayout } from '../../domain/stored-item.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { Conflict } from '../../ports/store.ts';
import type { Bench } from '../direct-probe.ts';

/** Held as long as its holder lives: after a crash the next one waits no longer than this. */
const heldMs = 45_000;

const keptSeconds = 30 * 86_400;

export interface Lease extends AsyncDisposable {
  /** Its holder's own, and the name of the snapshot that he writes. */
  readonly token: string;
  readonly attempt: string;
  /** The snapshot that a holder who died was writing. */
  readonly abandoned: string | undefined;
  /** Aborted once somebody else has it. */
  readonly lost: AbortSignal;
}

interface Wanted {
  readonly token: string;
  /** The attempt that the connection waits for: what holds the lease for another is obsolete. */
  readonly attempt: string;
  /** Whether that attempt was claimed by a caller, so that a holder of another one may be replaced. */
  readonly claimed: boolean;
  /** Who holds it: the request, by which `findHeldLease` finds it again. */
  readonly holder: string;
}

/** The right to introspect a connection, renewed until it is disposed of; `undefined` while somebody else has it. */
export const takeLease = async (
  bench: Bench,
  tenant: Tenant,
  id: string,
  { token, attempt, claimed, holder }: Wanted,
): Promise<Lease | undefined> => {
  const { store, clock, log } = bench;
  const key = keys.lease(tenant, id);
  const held = await store.get(key);
  if (held && Number(held['until']) > clock()) {
    const isObsolete = claimed && held['attempt'] !== undefined && held['attempt'] !== attempt;
    if (!isObsolete) return undefined;
  }
  const item = () => {
    const until = clock() + heldMs;
    // What a crash leaves goes by itself, also when nobody introspects again; its snapshot is registered elsewhere too.
    const expires = Math.ceil(until / 1000) + keptSeconds;
    const layout = currentLayout('lease');
    return { put: { ...key, layout, token, attempt, snapshot: token, holder, until, expires } };
  };
  try {
    await store.write([{ ...item(), if: held ? { token: String(held['token']) } : 'absent' }]);
  } catch (error) {
    if (error instanceof Conflict) return undefined;
    throw error;
  }
  const lost = new AbortController();
  const renewal = setInterval(() => {
    store.write([{ ...item(), if: { token } }]).catch((error: unknown) => {
      // Taken over, or given back meanwhile.
      if (error instanceof Conflict) lost.abort();
      else log.error('the lease of an introspection was not renewed', error);
    });
  }, heldMs / 3);
  return {
    token,
    attempt,
    abandoned: typeof held?.['snapshot'] === 'string' ? held['snapshot'] : undefined,
    lost: lost.signal,
    [Symbol.asyncDispose]: async () => {
      clearInterval(renewal);
      await releaseLease(bench, tenant, id, token);
    },
  };
};

/** What this holder of the lease was making, where it has the lease still. */
export const findHeldLease = async (
  { store }: Pick<Bench, 'store'>,
  tenant: Tenant,
  id: string,
  holder: string,
): Promise<{ readonly token: string; readonly attempt: string } | undefined> => {
  const held = await store.get(keys.lease(tenant, id));
  if (held?.['holder'] !== holder) return undefined;
  return { token: String(held['token']), attempt: String(held['attempt']) };
};

/** Gives the lease back, unless somebody else has taken it over. */
export const releaseLease = async (
  { store }: Pick<Bench, 'store'>,
  tenant: Tenant,
  id: string,
  token: string,
): Promise<void> => {
  await store.write([{ remove: keys.lease(tenant, id), if: { token } }]).catch((error: unknown) => {
    if (!(error instanceof Conflict)) throw error;
  });
};
