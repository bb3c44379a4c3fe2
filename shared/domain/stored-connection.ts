import type { Item } from '../ports/store.ts';
import { connectionOptions } from './connection-options.ts';
import type { StoredConnection } from './connection.ts';
import { readLayout } from './stored-item.ts';

/**
 * Attributes that came after the first items of layout 1 were written, with what holds for an item without them. A new attribute of
 * `StoredConnection` gets its line here.
 */
const laterAttributes = {
  last_introspection: null,
  refusals_of: null,
} as const satisfies Partial<StoredConnection>;

/** The connection that an item holds, whichever release wrote it. */
export const readConnection = (item: Item): StoredConnection => {
  const { options, bound, ...attributes } = readLayout('connection', item);
  return {
    ...laterAttributes,
    ...attributes,
    // Earlier releases did not say how the credentials were to be sent: as they were then.
    bound: { auth_method: attributes['auth_method'], ...Object(bound) },
    options: connectionOptions.complete(Object(options)),
  } as unknown as StoredConnection; // an item's attributes are untyped; `toConnectionItem` wrote them
};
