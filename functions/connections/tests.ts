import * as v from 'valibot';
import { TestEntry } from '../../shared/domain/testing/test-result.ts';
import { isTestPosition, listTests } from '../../shared/domain/testing/test-history.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { encodeCursor, createPageSchema, pageQuery, decodeCursor } from '../../shared/http/paging.ts';
import { connectionParams } from '../../shared/http/connection-params.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'List the tests of a connection',
  description:
    'Lists the tests of the last 30 days, the newest first. A test has a record if its outcome differs from the one before, if it was ' +
    'requested, and at least once a day. The scheduled tests between two records are one line `{repeated, from, to}`, which counts ' +
    'towards `limit`.',
  params: connectionParams,
  query: v.strictObject(pageQuery),
  status: 200,
  returns: createPageSchema(TestEntry),
  scope: 'connections:read',
  problems: ['invalid-cursor'],
  uses: { store: 'read' },
  handle: async ({ params: { id }, query: { limit, cursor }, tenant, store }) => {
    const list = { tenant, of: ['tests', id], accepts: isTestPosition };
    const page = await listTests(store, tenant, id, { limit, after: decodeCursor(list, cursor) });
    return { data: page.data, next_cursor: encodeCursor(list, page.next) };
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
