import * as v from 'valibot';
import { limitCharacters } from '../../shared/characters.ts';
import { Suggestion } from '../../shared/domain/catalog/suggest-names.ts';
import { findConnection } from '../../shared/domain/connections/connection-repository.ts';
import { autocompleteConnection } from '../../shared/domain/catalog/autocomplete-connection.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { PageLimit } from '../../shared/http/paging.ts';
import { connectionParams } from '../../shared/http/connection-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

const SuggestionText = v.optional(v.pipe(v.string(), limitCharacters(1000)));

export const endpoint = defineEndpoint({
  summary: 'Autocomplete names of a source',
  description:
    'Suggestions come from the stored catalog. If there is no catalog yet, the list is empty, `as_of` is null, and an introspection starts.',
  params: connectionParams,
  query: v.strictObject({
    type: v.picklist(['schemas', 'tables', 'columns', 'topics']),
    parent: SuggestionText,
    prefix: SuggestionText,
    limit: PageLimit,
  }),
  status: 200,
  returns: v.object({
    suggestions: v.array(Suggestion),
    as_of: v.nullable(v.string()),
    complete: v.boolean(),
  }),
  scope: 'connections:read',
  uses: { store: 'write', probe: 'introspect' },
  handle: async ({ params: { id }, query, store, probe, actor }) =>
    autocompleteConnection({ store, probe }, actor, await findConnection(store, actor.tenant, id), query),
});

export const handler = createHandler(endpoint, getAwsRuntime);
