import type { ItemKey } from '../../ports/store.ts';
import type { Tenant } from '../access/tenant.ts';
import { tableKeys } from '../table-keys.ts';

/** The keys of webhooks and their deliveries, apart from `tableKeys`, so that the probe does not load them. */
export const webhookKeys = {
  /** Next to the tenant's connections: each batch of events lists them in one range query. */
  webhook: (tenant: Tenant, id: string): ItemKey => ({
    pk: tableKeys.tenantPartition(tenant),
    sk: `HOOK#${id}`,
  }),
  webhookCount: (tenant: Tenant): ItemKey => ({ pk: tableKeys.tenantPartition(tenant), sk: 'HOOKS' }),
  /** The deliveries of one webhook, and the leases that limit how many run at once. */
  webhookPartition: ({ org, environment }: Tenant, webhook: string) => `H#${org}#${environment}#${webhook}`,
  delivery: (tenant: Tenant, webhook: string, at: string, event: string): ItemKey => ({
    pk: webhookKeys.webhookPartition(tenant, webhook),
    sk: `EVENT#${at}#${event}`,
  }),
  deliveryLane: (tenant: Tenant, webhook: string, lane: number): ItemKey => ({
    pk: webhookKeys.webhookPartition(tenant, webhook),
    sk: `LANE#${lane}`,
  }),
} as const;
