import * as v from 'valibot';
import { Suggestion, suggest } from '../../shared/domain/autocomplete.ts';
import { connectorOf } from '../../shared/domain/assemble.ts';
import { findConnection } from '../../shared/domain/write.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { Limit } from '../../shared/http/paging.ts';
import { byId } from '../../shared/http/wire.ts';
import { refusal } from '../../shared/parse.ts';

const text = v.optional(v.pipe(v.string(), v.maxLength(1000)));

export const endpoint = defineEndpoint({
  summary: 'Suggest names in a source',
  description:
    'From the stored catalog alone. Where there is none yet, there are no suggestions, `as_of` is null, and an introspection is started.',
  params: byId,
  query: v.strictObject({
    type: v.picklist(['schemas', 'tables', 'columns', 'topics']),
    parent: text,
    prefix: text,
    limit: Limit,
  }),
  status: 200,
  returns: v.object({
    suggestions: v.array(Suggestion),
    as_of: v.nullable(v.string()),
    complete: v.boolean(),
  }),
  scope: 'connections:read',
  uses: { store: 'read', probe: 'introspect' },
  handle: async ({ params: { id }, query, tenant, store, probe, actor }) => {
    const connection = await findConnection(store, tenant, id);
    const connector = connectorOf(connection.type);
    if (!connector.autocomplete.includes(query.type)) {
      throw refusal([{ path: 'type', expected: `one of ${connector.autocomplete.join(', ')}` }]);
    }
    if (query.type === 'columns' && !query.parent) {
      throw refusal([{ path: 'parent', expected: 'the table whose columns are wanted' }]);
    }
    const { catalog } = connection;
    if (!catalog) {
      const { request_id } = actor;
      await probe.introspect({ tenant, id, actor: actor.actor, request_id }, 0);
      return { suggestions: [], as_of: null, complete: false };
    }
    const place = { ...tenant, id, snapshot: catalog.snapshot_id };
    return {
      suggestions: await suggest(store, place, query, connector.quote),
      as_of: catalog.introspected_at,
      complete: catalog.complete,
    };
  },
});

export const handler = lambda(endpoint);
