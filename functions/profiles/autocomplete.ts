import * as v from 'valibot';
import { limitCharacters } from '../../shared/characters.ts';
import { resolveConnector } from '../../shared/domain/connections/parse-connection-input.ts';
import { suggestionTypes } from '../../shared/domain/catalog/suggest-names.ts';
import { autocompleteConnection } from '../../shared/domain/catalog/autocomplete-connection.ts';
import { findConnection } from '../../shared/domain/connections/connection-repository.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import {
  profileParams,
  createDataEnvelope,
  profiles,
  ProfileSuggestion,
  toProfileSuggestion,
} from '../../shared/apis/profiles/profiles.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

const createTextParameter = (description: string) =>
  v.optional(v.pipe(v.string(), limitCharacters(1000), v.description(description)));

export const endpoint = defineEndpoint({
  api: profiles,
  summary: 'Get Autocomplete Suggestions',
  description:
    'Get autocomplete suggestions for schemas, tables, and topics from a connection profile: the first 1000, from ' +
    'the stored catalog. If there is no catalog yet, the list is empty, and an introspection starts.',
  params: profileParams,
  query: v.strictObject({
    type: v.optional(
      v.pipe(
        v.picklist(suggestionTypes, `one of ${suggestionTypes.join(', ')}`),
        v.description(
          'Type of suggestions (schemas, tables, topics), or the columns of the table in `parent`. Default: tables, ' +
            'or topics for connectors without tables.',
        ),
      ),
    ),
    parent: createTextParameter('Parent context (e.g., schema name for tables)'),
    prefix: createTextParameter('Filter suggestions by prefix'),
  }),
  status: 200,
  returns: createDataEnvelope(v.object({ suggestions: v.array(ProfileSuggestion) })),
  scope: 'connections:read',
  uses: { store: 'write', probe: 'introspect' },
  handle: async ({ params: { id }, query, tenant, store, probe, actor }) => {
    const connection = await findConnection(store, tenant, id);
    const { autocomplete: kinds } = resolveConnector(connection.type);
    const { type = kinds.includes('tables') ? 'tables' : 'topics', prefix } = query;
    // Forms also send empty fields.
    const parent = query.parent === '' ? undefined : query.parent;
    const { suggestions } = await autocompleteConnection({ store, probe }, actor, connection, {
      type,
      parent,
      prefix,
      limit: 1000,
    });
    return { data: { suggestions: suggestions.map(toProfileSuggestion) } };
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
