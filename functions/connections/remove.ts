import * as v from 'valibot';
import { purgeConnection, deleteConnection } from '../../shared/domain/connections/delete-connection.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { QueryFlag } from '../../shared/http/paging.ts';
import { parseIfMatch } from '../../shared/http/parse-request.ts';
import { connectionParams } from '../../shared/http/connection-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Delete a connection',
  description:
    'A deleted connection can be restored for 30 days. Its name is free at once. `purge=true` removes an active or deleted connection permanently.',
  params: connectionParams,
  query: v.strictObject({ purge: v.optional(QueryFlag, 'false') }),
  status: 204,
  scope: 'connections:write',
  problems: ['in-use', 'precondition-failed'],
  uses: { store: 'write', vault: 'remove' },
  timeout: 29,
  handle: async ({ params, query, header, store, vault, actor }) => {
    const remove = query.purge ? purgeConnection : deleteConnection;
    await remove({ store, vault }, actor, params.id, parseIfMatch(header('if-match')));
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
