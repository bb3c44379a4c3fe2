import * as v from 'valibot';
import { patchConnection } from '../../shared/domain/change.ts';
import { Connection, ConnectionPatch } from '../../shared/domain/connection.ts';
import { findConnection } from '../../shared/domain/write.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { seenVersion } from '../../shared/http/request.ts';
import { byId, connectionReply } from '../../shared/http/wire.ts';
import { parse } from '../../shared/parse.ts';
import { partsOf, toldAs } from '../providers/wire-credentials.ts';
import { endpoint as change } from './change.ts';

export const endpoint = defineEndpoint({
  summary: 'Change the name or the credentials of a connection',
  description:
    'As PATCH, with `name` and `credentials` alone, both optional. `credentials` may also hold what `config` does, `user` for ' +
    '`username`, and ssl_mode, ssl_ca, ssl_cert and ssl_key, as where the connection of a provider is created.',
  params: byId,
  body: v.pick(ConnectionPatch, ['name', 'credentials']),
  status: 200,
  returns: Connection,
  scope: 'connections:write',
  problems: change.problems ?? [],
  uses: { store: 'write', probe: 'credentials' },
  timeout: 29,
  handle: async ({ params: { id }, body, header, store, probe, actor, now }) => {
    const { credentials: given = {}, ...rest } = body;
    const { type } = await findConnection(store, actor.tenant, id);
    const stored = await toldAs(given, () => {
      const patch = parse(ConnectionPatch, { ...rest, ...partsOf(type, given) });
      return patchConnection({ store, probe }, actor, {
        id,
        patch,
        version: seenVersion(header('if-match')),
      });
    });
    return connectionReply(stored, now);
  },
});

export const handler = lambda(endpoint);
