import type { Item } from '../../ports/store.ts';
import { connectionOptions } from './connection-options.ts';
import type { StoredConnection } from './connection.ts';
import { upgradeItem } from '../stored-item.ts';

/**
 * Attributes that were added after the first items of layout 1 were written, with their defaults. Add each new attribute of
 * `StoredConnection` here.
 */
const laterConnectionAttributes = {
  last_introspection: null,
  refusals_of: null,
} as const satisfies Partial<StoredConnection>;

/** Reads the connection from an item of any release. */
export const readConnection = (item: Item): StoredConnection => {
  const { options, bound, ...attributes } = upgradeItem('connection', item);
  return {
    ...laterConnectionAttributes,
    ...attributes,
    // Earlier releases did not store how the credentials are sent, so the connection's auth method says it.
    bound: { auth_method: attributes['auth_method'], ...Object(bound) },
    options: connectionOptions.complete(Object(options)),
  } as unknown as StoredConnection; // an item's attributes are untyped; `toConnectionItem` wrote them
};
