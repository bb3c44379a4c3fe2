import type { Change } from '../ports/store.ts';
import { newId } from './id.ts';
import { keys } from './keys.ts';
import { currentLayout } from './stored-item.ts';
import type { Tenant } from './tenant.ts';

/** The actor of a request, the request and its time. */
export interface Actor {
  readonly tenant: Tenant;
  /** The id of the API key, or the subject of the token. */
  readonly actor: string;
  readonly request_id: string;
  readonly now: number;
}

const keptDays = 400;

/** The record of an action on a connection. Write it in the same transaction as the action. */
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
