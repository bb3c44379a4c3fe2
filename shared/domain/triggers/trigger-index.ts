import type { Item, ItemKey, StoreChange } from '../../ports/store.ts';
import type { Tenant } from '../access/tenant.ts';
import type { StoredConnection } from '../connections/connection.ts';
import { resolveCurrentLayout, upgradeItem } from '../stored-item.ts';
import { tableKeys } from '../table-keys.ts';
import { listDestinations } from '../testing/list-destinations.ts';
import { parseRdsEndpoint } from './rds-endpoint.ts';

type IndexedConnection = Pick<
  StoredConnection,
  'id' | 'org_id' | 'environment_id' | 'secret' | 'type' | 'config' | 'options'
>;

/**
 * The writes that keep the items by which events find a connection in step with it: by the ARN of its secret in platform mode, and by
 * the identifiers of its RDS endpoints. Part of the transaction that changes the connection; `undefined` means that it does not exist
 * (any more). Without a change there are no writes.
 */
export const buildTriggerIndexChanges = (
  before: IndexedConnection | undefined,
  after: IndexedConnection | undefined,
): readonly StoreChange[] => {
  const [old, next] = [listTriggerItems(before), listTriggerItems(after)];
  return [
    ...[...old.values()].filter(({ pk }) => !next.has(pk)).map(({ pk, sk }) => ({ remove: { pk, sk } })),
    ...[...next.values()].filter(({ pk, arn }) => old.get(pk)?.arn !== arn).map((item) => ({ put: item })),
  ];
};

interface TriggerItem extends Item {
  /** The ARN of the secret as the caller sent it. Empty in items of RDS endpoints. */
  readonly arn: string;
}

/** The items of a connection by partition. At most `MAX_TRIGGER_ITEMS`, so that its transaction stays within the limit of the store. */
const listTriggerItems = (connection: IndexedConnection | undefined): ReadonlyMap<string, TriggerItem> => {
  if (!connection) return new Map();
  const { id, org_id: o, environment_id: e, secret } = connection;
  const toItem = (pk: string, arn = ''): [string, TriggerItem] => [
    pk,
    { pk, sk: id, layout: resolveCurrentLayout('trigger'), o, e, arn },
  ];
  // The characters that a name may have: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
  const arn = 'arn' in secret && /^[\w/+=.@:-]{1,700}$/.test(secret.arn) ? secret.arn : undefined;
  const names = arn === undefined ? [] : [...new Set([arn, removeSecretSuffix(arn)])];
  const endpoints = listDestinations(connection).flatMap((host) => parseRdsEndpoint(host) ?? []);
  return new Map(
    [
      ...names.map((name) => toItem(tableKeys.secretTriggerPartition(name), arn)),
      ...endpoints.map(({ region, identifier }) => toItem(tableKeys.rdsTriggerPartition(region, identifier))),
    ].slice(0, MAX_TRIGGER_ITEMS),
  );
};

/** Whether a connection still belongs into this partition of the index. */
export const isIndexedAt = (connection: IndexedConnection, pk: string): boolean =>
  listTriggerItems(connection).has(pk);

const MAX_TRIGGER_ITEMS = 16;

/**
 * Removes the six random characters that Secrets Manager adds to the name of a secret, and their hyphen. A caller may send an ARN without
 * them, and a name may end in the same way, so that a connection has an item for both readings.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
 */
const removeSecretSuffix = (arn: string): string => arn.replace(/-[A-Za-z0-9]{6}$/, '');

/** A connection that an event may be about. */
export interface TriggeredConnection {
  readonly tenant: Tenant;
  readonly id: string;
}

/** Where the items of the connections that use a secret are, and whether an item is about this secret. `arn` has its suffix. */
export const toSecretTriggers = (arn: string): TriggerRange => {
  const name = removeSecretSuffix(arn);
  return {
    pk: tableKeys.secretTriggerPartition(name),
    // The stored ARN may be that of another secret, whose name is this one's and a hyphen with six more characters.
    accepts: ({ arn: stored }) => stored === arn || stored === name,
  };
};

/** The items of the connections to an RDS source. */
export const toRdsTriggers = (region: string, identifier: string): TriggerRange => ({
  pk: tableKeys.rdsTriggerPartition(region, identifier),
  accepts: () => true,
});

export interface TriggerRange {
  readonly pk: ItemKey['pk'];
  readonly accepts: (item: Item) => boolean;
}

export const readTriggerItem = (item: Item): TriggeredConnection => {
  const { o, e, sk } = upgradeItem('trigger', item);
  return { tenant: { org: String(o), environment: String(e) }, id: sk };
};
