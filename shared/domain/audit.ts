import type { Change } from '../ports/store.ts';
import { newId } from './id.ts';
import { keys } from './keys.ts';
import { currentLayout } from './stored-item.ts';
import type { Tenant } from './tenant.ts';

/** Who does something, and in which request. */
export interface Actor {
  readonly tenant: Tenant;
  /** The API key's id or the token's subject. */
  readonly actor: string;
  readonly request_id: string;
  readonly now: number;
}

const keptDays = 400;

/** The record of who did what to a connection; goes into the same transaction as the deed. */
export const audit = ({ tenant, actor, request_id, now }: Actor, id: string, action: string): Change => {
  const at = new Date(now).toISOString();
  return {
    put: {
      ...keys.audit(tenant, id, at, newId(now)),
      layout: currentLayout('audit'),
      action,
      actor,
      request_id,
      at,
      expires: Math.floor(now / 1000) + keptDays * 86_400,
    },
  };
};
