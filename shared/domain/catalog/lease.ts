import { tableKeys } from '../table-keys.ts';
import { resolveCurrentLayout } from '../stored-item.ts';
import type { Tenant } from '../access/tenant.ts';
import { Conflict } from '../../ports/store.ts';
import type { ProbeDependencies } from '../../ports/probe-dependencies.ts';

/** The lease is renewed while its holder lives. After a crash, the next holder waits no longer than this. */
const LEASE_MS = 45_000;

const LEASE_ITEM_TTL_SECONDS = 30 * 86_400;

export interface Lease extends AsyncDisposable {
  /** Identifies the holder. It is also the name of the snapshot that the holder writes. */
  readonly token: string;
  readonly attempt: string;
  /** The snapshot that a crashed holder was writing. */
  readonly abandoned: string | undefined;
  /** Aborted when another probe takes over the lease. */
  readonly lost: AbortSignal;
}

interface LeaseRequest {
  readonly token: string;
  /** The attempt that the connection waits for. A lease held for another attempt is obsolete. */
  readonly attempt: string;
  /** Whether a caller claimed this attempt; if so, the holder of another attempt may be replaced. */
  readonly claimed: boolean;
  /** The request that holds the lease. `findHeldLease` finds it by this. */
  readonly holder: string;
}

/**
 * Acquires the right to introspect a connection, and renews it until it is disposed of. Returns `undefined` while another probe holds it.
 */
export const acquireLease = async (
  deps: ProbeDependencies,
  tenant: Tenant,
  id: string,
  { token, attempt, claimed, holder }: LeaseRequest,
): Promise<Lease | undefined> => {
  const { store, clock, log } = deps;
  const key = tableKeys.lease(tenant, id);
  const held = await store.get(key);
  if (held && Number(held['until']) > clock()) {
    const isObsolete = claimed && held['attempt'] !== undefined && held['attempt'] !== attempt;
    if (!isObsolete) return undefined;
  }
  const createItem = () => {
    const until = clock() + LEASE_MS;
    // The lease of a crashed probe expires even if the connection is never introspected again. Its snapshot is also registered elsewhere.
    const expires = Math.ceil(until / 1000) + LEASE_ITEM_TTL_SECONDS;
    const layout = resolveCurrentLayout('lease');
    return { put: { ...key, layout, token, attempt, snapshot: token, holder, until, expires } };
  };
  try {
    await store.write([{ ...createItem(), if: held ? { token: String(held['token']) } : 'absent' }]);
  } catch (error) {
    if (error instanceof Conflict) return undefined;
    throw error;
  }
  const lost = new AbortController();
  const renewal = setInterval(() => {
    store.write([{ ...createItem(), if: { token } }]).catch((error: unknown) => {
      // Another probe has taken over, or this one has released the lease.
      if (error instanceof Conflict) lost.abort();
      else log.error('lease renewal failed', error);
    });
  }, LEASE_MS / 3);
  return {
    token,
    attempt,
    abandoned: typeof held?.['snapshot'] === 'string' ? held['snapshot'] : undefined,
    lost: lost.signal,
    [Symbol.asyncDispose]: async () => {
      clearInterval(renewal);
      await releaseLease(deps, tenant, id, token);
    },
  };
};

/** The token and attempt of a lease, if this request still holds it. */
export const findHeldLease = async (
  { store }: Pick<ProbeDependencies, 'store'>,
  tenant: Tenant,
  id: string,
  holder: string,
): Promise<{ readonly token: string; readonly attempt: string } | undefined> => {
  const held = await store.get(tableKeys.lease(tenant, id));
  if (held?.['holder'] !== holder) return undefined;
  return { token: String(held['token']), attempt: String(held['attempt']) };
};

/** Releases the lease, unless another probe has taken it over. */
export const releaseLease = async (
  { store }: Pick<ProbeDependencies, 'store'>,
  tenant: Tenant,
  id: string,
  token: string,
): Promise<void> => {
  await store.write([{ remove: tableKeys.lease(tenant, id), if: { token } }]).catch((error: unknown) => {
    if (!(error instanceof Conflict)) throw error;
  });
};
