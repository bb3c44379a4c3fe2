import { patchConnection } from '../../shared/domain/change.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import {
  checkHost,
  checkNotEmpty,
  checkOrganization,
  findShown,
  management,
  retried,
  shownOf,
} from './wire.ts';
import { patchOf } from './wire-connections.ts';
import {
  byId,
  ConnectionResponse,
  headers as organization,
  UpdateConnectionRequest,
} from './wire-schemas.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'Change a connection',
  description:
    'Any of the fields; the others stay. A change of destination without the password locks it: tests fail until it is sent again.',
  headers: organization,
  params: byId,
  body: UpdateConnectionRequest,
  status: 200,
  returns: ConnectionResponse,
  scope: 'connections:write',
  problems: ['credentials-required', 'name-taken', 'secret-not-shared', 'quota-exceeded'],
  uses: { store: 'write', probe: 'credentials' },
  timeout: 29,
  handle: async ({ headers, params: { id }, body, caller, tenant, settings, store, probe, actor }) => {
    checkOrganization(headers, caller);
    checkNotEmpty(body);
    return retried(async () => {
      const { stored, wire } = await findShown(store, tenant, id);
      const { host = wire.host, port = wire.port } = body;
      if (body.host !== undefined) checkHost(settings, tenant, { host, port });
      const change = { id, patch: patchOf(stored, body), version: stored.version };
      return shownOf(await patchConnection({ store, probe }, actor, change)).wire;
    });
  },
});

export const handler = lambda(endpoint);
