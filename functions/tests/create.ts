import * as v from 'valibot';
import { limitCharacters } from '../../shared/characters.ts';
import { MAX_BATCH_MEMBERS } from '../../shared/domain/batches/batch-item.ts';
import {
  awaitBatch,
  BatchTest,
  systemTimer,
  toPublicBatchId,
} from '../../shared/domain/batches/batch-test.ts';
import { createBatch } from '../../shared/domain/batches/create-batch.ts';
import { ConnectionId } from '../../shared/http/connection-params.ts';
import { defineEndpoint, reply } from '../../shared/http/endpoint.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { parseIdempotencyKey } from '../../shared/http/parse-request.ts';
import { getAwsRuntime } from '../../shared/runtime/aws-runtime.ts';

const BatchInput = v.strictObject({
  ids: v.optional(v.pipe(v.array(ConnectionId), v.minLength(1), v.maxLength(MAX_BATCH_MEMBERS))),
  tags: v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.minLength(1), limitCharacters(100))),
      v.minLength(1),
      v.maxLength(50),
    ),
  ),
  wait_seconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(25)), 0),
});

export const endpoint = defineEndpoint({
  summary: 'Test several connections',
  description:
    'Tests the connections with these `ids`, or all connections that have one of the `tags`: at most 1000. For a check in a deployment pipeline. ' +
    'Waits up to `wait_seconds` for the results; tests that are not finished then are `pending`, and `GET /v1/tests/{id}` returns them later. ' +
    'Tests over the quota wait; this endpoint never answers 429 because of it. A connection that is deleted before its test counts as `failed` ' +
    'with the code `not-found`. Within 24 hours, a request that repeats an `Idempotency-Key` gets the first batch again, with its results. Batches are kept for 7 days.',
  body: BatchInput,
  status: 201,
  returns: BatchTest,
  scope: 'connections:test',
  problems: ['idempotency-key-reused'],
  uses: { store: 'write', queue: 'tests' },
  timeout: 29,
  handle: async ({ body: { ids, tags, wait_seconds }, header, text, store, queue, actor, timer }) => {
    const { measure } = timer ?? systemTimer;
    const began = measure();
    const key = parseIdempotencyKey(header('idempotency-key'));
    const idempotency = key === undefined ? undefined : { key, body: text };
    const batch = await createBatch({ store, queue }, actor, { ids, tags }, idempotency);
    const found = await awaitBatch(
      { store, timer },
      actor.tenant,
      batch,
      wait_seconds * 1000 - (measure() - began),
    );
    return reply(found, { headers: { location: `/v1/tests/${toPublicBatchId(batch.id)}` } });
  },
});

export const handler = createHandler(endpoint, getAwsRuntime);
