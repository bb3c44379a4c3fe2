import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Api, type ApiAnswer, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';
import { listPublishedFailures } from './published-failures.ts';
import { otherKeys, refusedRequests } from './published-requests.ts';
import { listStoredRequests, storedBodies } from './published-stored-requests.ts';
import type { RefusedRequest } from './refused-request.ts';

/**
 * The four other APIs keep the messages with which they were published, whatever the texts of Mooring's own API become. The JSON files hold
 * what each of them answers; an entry never changes, except where a connector words it.
 */
const readFrozen = (name: string): Readonly<Record<string, unknown>> =>
  JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), 'utf8'));

/** The status and the body, without what differs each time. */
const toComparable = ({ status, text }: ApiAnswer) => {
  const { request_id: _, ...body } = JSON.parse(text.replaceAll(/"(since|expires_at)":"[^"]*"/g, '"$1":"…"'));
  return { status, body };
};

describe('each problem has the same texts as before in each of the four APIs', () => {
  const frozen = readFrozen('published-failures');
  let failures: Readonly<Record<string, unknown>>;
  beforeAll(async () => {
    failures = await listPublishedFailures();
  });

  test.each(Object.keys(frozen))('%s', (name) => {
    expect(failures[name]).toEqual(frozen[name]);
  });

  test('and none is left out', () => {
    expect(Object.keys(failures).toSorted()).toEqual(Object.keys(frozen).toSorted());
  });
});

describe('each refused request has the same answer as before', () => {
  const frozen = readFrozen('published-answers');
  const answers = new Map<string, unknown>();
  let api: Api;

  const answerAll = async (requests: readonly RefusedRequest[]) => {
    for (const { api: name, title, request, call } of requests)
      answers.set(`${name}: ${title}`, toComparable(await api.call(request, call)));
  };

  beforeAll(async () => {
    api = await startApi();
    for (const [key, record] of Object.entries(otherKeys)) await api.addKey(key, record);
    await answerAll(refusedRequests);
    const [used, free] = await Promise.all(
      ['Used', 'Free'].map(async (name) => {
        const { body } = await api.call('POST /v1/connections?test=false', {
          body: { ...createConnectionBody(), name },
        });
        return body.id;
      }),
    );
    await api.call(`PUT /v1/connections/${used}/usages/etl`, { body: {} });
    for (const [request, call] of storedBodies) expect((await api.call(request, call)).status).toBe(201);
    await answerAll(listStoredRequests({ used: String(used), free: String(free) }));
  });
  afterAll(() => api[Symbol.asyncDispose]());

  test.each(Object.keys(frozen))('%s', (name) => {
    expect(answers.get(name)).toEqual(frozen[name]);
  });

  test('and none is left out', () => {
    expect([...answers.keys()].toSorted()).toEqual(Object.keys(frozen).toSorted());
  });
});
