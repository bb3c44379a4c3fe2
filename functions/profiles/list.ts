import * as v from 'valibot';
import { listConnections } from '../../shared/domain/connections/list-connections.ts';
import type { Tenant } from '../../shared/domain/access/tenant.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { isIdPosition, encodeCursor, pageQuery, decodeCursor } from '../../shared/http/paging.ts';
import type { ReadStore } from '../../shared/ports/store.ts';
import { createDataEnvelope, Profile, toProfile, profiles } from '../../shared/apis/profiles/profiles.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  api: profiles,
  summary: 'List Connection Profiles',
  description:
    'Get all configured connection profiles, newest first. An answer has at most 4 MB. If there are more profiles, a ' +
    '`Link` header with `rel="next"` has the URL of the next page.',
  query: v.strictObject({ cursor: pageQuery.cursor }),
  status: 200,
  returns: createDataEnvelope(v.array(Profile)),
  scope: 'connections:read',
  problems: ['invalid-cursor'],
  uses: { store: 'read' },
  handle: async ({ query: { cursor }, tenant, store }) => {
    const list = { tenant, of: ['profiles'], accepts: isIdPosition };
    const { data, next } = await listProfilePage(store, tenant, decodeCursor(list, cursor));
    const more = encodeCursor(list, next);
    const headers = more === null ? {} : { link: `<${profiles.prefix}?cursor=${more}>; rel="next"` };
    return reply({ data }, { headers });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);

/** Lambda limits an answer to 6 MB. */
const MAX_PROFILE_PAGE_BYTES = 4 * 1024 * 1024;

/** Lists the profiles that fit into one answer. Measures profiles, which are smaller than the stored connections that limit a domain page. */
const listProfilePage = async (store: ReadStore, tenant: Tenant, first: string | undefined) => {
  const data: ReturnType<typeof toProfile>[] = [];
  let bytes = 0;
  for (let after = first, last: string | null = null; ;) {
    const page = await listConnections(store, tenant, {}, { limit: 200, after });
    for (const stored of page.data) {
      const profile = toProfile(stored);
      bytes += Buffer.byteLength(JSON.stringify(profile)) + 1;
      if (last !== null && bytes > MAX_PROFILE_PAGE_BYTES) return { data, next: last };
      data.push(profile);
      last = stored.id;
    }
    if (page.next === null) return { data, next: null };
    after = page.next;
  }
};
