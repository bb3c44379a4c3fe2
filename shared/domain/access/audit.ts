import type { StoreChange } from '../../ports/store.ts';
import { createId } from '../id.ts';
import { tableKeys } from '../table-keys.ts';
import { resolveCurrentLayout } from '../stored-item.ts';
import type { Tenant } from './tenant.ts';

/** The actor of a request, the request and its time. */
export interface Actor {
  readonly tenant: Tenant;
  /** The id of the API key, or the subject of the token. */
  readonly actor: string;
  readonly request_id: string;
  readonly now: number;
}

const AUDIT_RETENTION_DAYS = 400;

/** The record of an action on a connection. Write it in the same transaction as the action. */
export const buildAuditPut = (
  { tenant, actor, request_id, now }: Actor,
  id: string,
  action: string,
): StoreChange => {
  const at = new Date(now).toISOString();
  return {
    put: {
      ...tableKeys.audit(tenant, id, at, createId(now)),
      layout: resolveCurrentLayout('audit'),
      action,
      actor,
      request_id,
      at,
      expires: Math.floor(now / 1000) + AUDIT_RETENTION_DAYS * 86_400,
    },
  };
};
