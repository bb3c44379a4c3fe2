import type { Item } from '../../ports/store.ts';
import { connectionOptions } from './connection-options.ts';
import type { StoredConnection } from './connection.ts';
import { resolveTestInterval } from '../schedule/intervals.ts';
import { upgradeItem } from '../stored-item.ts';

/**
 * Attributes that were added after the first items of layout 1 were written, with their defaults. Add each new attribute of
 * `StoredConnection` here.
 */
const laterConnectionAttributes = {
  last_introspection: null,
  refusals_of: null,
  refusals_version: null,
  paused_since: null,
  decided_at: null,
  tested_by: null,
  used_at: null,
} as const satisfies Partial<StoredConnection>;

/** Reads the connection from an item of any release. */
export const readConnection = (item: Item): StoredConnection => {
  const { options, bound, ...attributes } = upgradeItem('connection', item);
  const completed = connectionOptions.complete(Object(options));
  return {
    ...laterConnectionAttributes,
    decided_status: findDecidedStatus(attributes),
    ...attributes,
    // Earlier releases did not store how the credentials are sent, so the connection's auth method says it.
    bound: { auth_method: attributes['auth_method'], ...Object(bound) },
    // Earlier releases accepted any number of minutes.
    options: { ...completed, test_interval_minutes: resolveTestInterval(completed.test_interval_minutes) },
  } as unknown as StoredConnection; // an item's attributes are untyped; `toConnectionItem` wrote them
};

/** Releases that did not store the last decided status had no status between `connected` and `failed`. */
const findDecidedStatus = ({
  status,
  last_test: last,
}: Partial<Item>): StoredConnection['decided_status'] => {
  const decided = status === 'testing' || status === 'pending' ? Object(last)['status'] : status;
  return decided === 'connected' || decided === 'failed' ? decided : null;
};
