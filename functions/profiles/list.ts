import * as v from 'valibot';
import { listConnections } from '../../shared/domain/list.ts';
import type { Tenant } from '../../shared/domain/tenant.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { acceptsId, cursorOf, pageQuery, positionOf } from '../../shared/http/paging.ts';
import type { ReadStore } from '../../shared/ports/store.ts';
import { dataOf, Profile, profileOf, profiles } from './wire.ts';

export const endpoint = defineEndpoint({
  api: profiles,
  summary: 'List Connection Profiles',
  description:
    'Get all configured connection profiles, newest first. Where an answer would grow larger than 4 MB, it ends there, and a ' +
    '`Link` header with `rel="next"` says where it goes on.',
  query: v.strictObject({ cursor: pageQuery.cursor }),
  status: 200,
  returns: dataOf(v.array(Profile)),
  scope: 'connections:read',
  problems: ['invalid-cursor'],
  uses: { store: 'read' },
  handle: async ({ query: { cursor }, tenant, store }) => {
    const list = { tenant, of: ['profiles'], accepts: acceptsId };
    const { data, next } = await whatFits(store, tenant, positionOf(list, cursor));
    const more = cursorOf(list, next);
    const headers = more === null ? {} : { link: `<${profiles.prefix}?cursor=${more}>; rel="next"` };
    return reply({ data }, { headers });
  },
});

export const handler = lambda(endpoint);

/** Lambda limits an answer to 6 MB. */
const mostBytes = 4 * 1024 * 1024;

/** Lists the profiles that fit into one answer. Measures profiles, which are smaller than the stored connections that limit a domain page. */
const whatFits = async (store: ReadStore, tenant: Tenant, first: string | undefined) => {
  const data: ReturnType<typeof profileOf>[] = [];
  let bytes = 0;
  for (let after = first, last: string | null = null; ;) {
    const page = await listConnections(store, tenant, {}, { limit: 200, after });
    for (const stored of page.data) {
      const profile = profileOf(stored);
      bytes += Buffer.byteLength(JSON.stringify(profile)) + 1;
      if (last !== null && bytes > mostBytes) return { data, next: last };
      data.push(profile);
      last = stored.id;
    }
    if (page.next === null) return { data, next: null };
    after = page.next;
  }
};
