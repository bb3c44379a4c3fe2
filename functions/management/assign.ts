import { changeConnection } from '../../shared/domain/change.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { checkOrganization, findShown, management, refused, retried, shownOf } from './wire.ts';
import { byId, ConnectionResponse, productHeaders } from './wire-schemas.ts';

export const endpoint = defineEndpoint({
  api: management,
  summary: 'Assign a connection to a product',
  description:
    'The product is the one that X-Product-Name names. A connection that has one already keeps it: 409 `FET-1015`.',
  headers: productHeaders,
  params: byId,
  status: 200,
  returns: ConnectionResponse,
  scope: 'connections:write',
  problems: ['in-use'],
  uses: { store: 'write' },
  handle: ({ headers, params: { id }, caller, tenant, store, actor }) => {
    checkOrganization(headers, caller);
    return retried(async () => {
      const { stored } = await findShown(store, tenant, id);
      if (stored.product !== null) throw refused('FET-1015', '', 'a connection without a product');
      const change = { id, patch: { product: headers['x-product-name'] }, version: stored.version };
      return shownOf(await changeConnection(store, actor, change, stored)).wire;
    });
  },
});

export const handler = lambda(endpoint);
