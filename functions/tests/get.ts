import * as v from 'valibot';
import { awaitBatch, BatchId, BatchTest, resumeBatch } from '../../shared/domain/batches/batch-test.ts';
import { defineEndpoint } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { createWholeNumber } from '../../shared/http/paging.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

export const endpoint = defineEndpoint({
  summary: 'Get the results of a batch test',
  description:
    'Waits up to `wait_seconds` until every test has a result. Repeat the request while `pending` is not 0.',
  params: v.object({ id: BatchId }),
  query: v.strictObject({ wait_seconds: v.optional(createWholeNumber(0, 25), '0') }),
  status: 200,
  returns: BatchTest,
  scope: 'connections:test',
  uses: { store: 'write', queue: 'tests' },
  timeout: 29,
  handle: async ({ params: { id }, query: { wait_seconds }, store, queue, tenant, now, timer }) => {
    const batch = await resumeBatch({ store, queue }, tenant, id, now);
    return awaitBatch({ store, timer }, tenant, batch, wait_seconds * 1000);
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
