import * as v from 'valibot';
import { purgeConnection, removeConnection } from '../../shared/domain/remove.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { Flag } from '../../shared/http/paging.ts';
import { seenVersion } from '../../shared/http/request.ts';
import { byId } from '../../shared/http/wire.ts';

export const endpoint = defineEndpoint({
  summary: 'Delete a connection',
  description:
    'Kept for 30 days and restorable; its name is free at once. `purge=true` removes it for good, also after a delete.',
  params: byId,
  query: v.strictObject({ purge: v.optional(Flag, 'false') }),
  status: 204,
  scope: 'connections:write',
  problems: ['in-use', 'precondition-failed'],
  uses: { store: 'write', vault: 'remove' },
  timeout: 29,
  handle: async ({ params, query, header, store, vault, actor }) => {
    const remove = query.purge ? purgeConnection : removeConnection;
    await remove({ store, vault }, actor, params.id, seenVersion(header('if-match')));
  },
});

export const handler = lambda(endpoint);
