import * as v from 'valibot';
import { maxCharacters } from '../../shared/characters.ts';
import { Suggestion } from '../../shared/domain/autocomplete.ts';
import { autocomplete } from '../../shared/domain/suggestions.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { Limit } from '../../shared/http/paging.ts';
import { byId } from '../../shared/http/wire.ts';

const text = v.optional(v.pipe(v.string(), maxCharacters(1000)));

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
  uses: { store: 'write', probe: 'introspect' },
  handle: ({ params: { id }, query, store, probe, actor }) =>
    autocomplete({ store, probe }, actor, id, query),
});

export const handler = lambda(endpoint);
