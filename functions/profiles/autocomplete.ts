import * as v from 'valibot';
import { maxCharacters } from '../../shared/characters.ts';
import { connectorOf } from '../../shared/domain/assemble.ts';
import { suggestionTypes } from '../../shared/domain/autocomplete.ts';
import { autocomplete } from '../../shared/domain/suggestions.ts';
import { findConnection } from '../../shared/domain/write.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { byId, dataOf, profiles, Suggestion, suggestionOf } from './wire.ts';

const text = (description: string) =>
  v.optional(v.pipe(v.string(), maxCharacters(1000), v.description(description)));

export const endpoint = defineEndpoint({
  api: profiles,
  summary: 'Get Autocomplete Suggestions',
  description:
    'Get autocomplete suggestions for schemas, tables, and topics from a connection profile: the first 1000 in their order, from what ' +
    'was last found in the source. Where nobody has looked yet there are none, and a look is begun.',
  params: byId,
  query: v.strictObject({
    type: v.optional(
      v.pipe(
        v.picklist(suggestionTypes, `one of ${suggestionTypes.join(', ')}`),
        v.description(
          'Type of suggestions (schemas, tables, topics), or the columns of the table that `parent` names. Left out: tables, ' +
            'or topics where there are no tables.',
        ),
      ),
    ),
    parent: text('Parent context (e.g., schema name for tables)'),
    prefix: text('Filter suggestions by prefix'),
  }),
  status: 200,
  returns: dataOf(v.object({ suggestions: v.array(Suggestion) })),
  scope: 'connections:read',
  uses: { store: 'write', probe: 'introspect' },
  handle: async ({ params: { id }, query, tenant, store, probe, actor }) => {
    const usual = async () => {
      const { autocomplete: kinds } = connectorOf((await findConnection(store, tenant, id)).type);
      return kinds.includes('tables') ? 'tables' : 'topics';
    };
    const { type = await usual(), prefix } = query;
    // Forms also send empty fields.
    const parent = query.parent === '' ? undefined : query.parent;
    const { suggestions } = await autocomplete({ store, probe }, actor, id, {
      type,
      parent,
      prefix,
      limit: 1000,
    });
    return { data: { suggestions: suggestions.map(suggestionOf) } };
  },
});

export const handler = lambda(endpoint);
