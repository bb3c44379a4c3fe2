import type { ItemKey } from '../../ports/store.ts';
import type { Tenant } from '../access/tenant.ts';

const toEventPartition = ({ org, environment }: Tenant) => `E#${org}#${environment}`;

/** The keys of the event log. Apart from the other keys, which every function loads. */
export const eventKeys = {
  partition: toEventPartition,
  /** `position` counts the tenant's events in the order of their publication. */
  event: (tenant: Tenant, position: number): ItemKey => ({
    pk: toEventPartition(tenant),
    sk: `AT#${String(position).padStart(15, '0')}`,
  }),
  /** The position of an event, by its id. */
  position: (tenant: Tenant, event: string): ItemKey => ({ pk: toEventPartition(tenant), sk: `ID#${event}` }),
  /** The position of the tenant's last event. */
  lastPosition: (tenant: Tenant): ItemKey => ({ pk: toEventPartition(tenant), sk: 'LAST' }),
} as const;
