import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeCursor } from '../../shared/http/paging.ts';
import { type Api, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

let api: Api;
let id: string;
let uuid: string;
beforeAll(async () => {
  api = await startApi();
  id = (await api.call('POST /v1/connections?test=false', { body: createConnectionBody() })).body.id;
  const hex = id.slice(5);
  uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  await api.call(`POST /v1/connections/${id}/test`);
  await api.call(`PUT /v1/connections/${id}/usages/reports`, { body: {} });
});
afterAll(() => api[Symbol.asyncDispose]());

const tenant = { org: 'org_test', environment: 'default' };
const accepts = () => true;

/**
 * Every list, with the query that its cursors are bound to. A caller who knows the code can forge cursors for
 * any position.
 */
const lists = (): readonly (readonly [path: string, of: readonly unknown[]])[] => [
  ['/v1/connections', ['connections', { include_deleted: false }]],
  [`/v1/connections/${id}/tests`, ['tests', id.slice(5)]],
  [`/v1/connections/${id}/usages`, ['usages', id.slice(5)]],
  [`/v1/connections/${id}/schema`, ['schema', id.slice(5), {}]],
  [
    '/v1/management/connections',
    ['management', ['product', null], { page: 1, limit: 50, sortOrder: 'desc' }],
  ],
  [
    '/v1/management/connections/unassigned',
    ['management', ['unassigned'], { page: 1, limit: 50, sortOrder: 'desc' }],
  ],
  [`/v1/management/connections/${uuid}/schema`, ['management', 'schema', id.slice(5)]],
  ['/api/v1/connection_profiles', ['profiles']],
  ['/api/v1/connections', ['registrations']],
];

const ask = (path: string, cursor: string) => api.call(`GET ${path}?cursor=${encodeURIComponent(cursor)}`);

const hostile = fc.oneof(
  fc.constantFrom(
    'TEST#~',
    'TEST#',
    'USE#reports',
    'AUDIT#~',
    'CONN#',
    'LEASE',
    '\u{10ffff}',
    `${'0'.repeat(32)} ["N#",0]`,
    `${'0'.repeat(32)} ["B#${'x'.repeat(2000)}",0]`,
    `${'0'.repeat(32)} ["B#a",1e400]`,
    `${'0'.repeat(32)} ["B#a",-1]`,
    `${'0'.repeat(32)}\n["B#a",0.5]`,
    `${'0'.repeat(32)} ${'['.repeat(3000)}`,
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
  fc.string({ unit: 'binary', minLength: 1 }).map((text) => `TEST#${text}`),
);

describe('forged cursor', () => {
  test('is rejected or stays within its own list, and never causes a server error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(lists().length - 1), hostile, async (at, position) => {
        const [path, of] = lists()[at] ?? ['', []];
        fc.pre(position.isWellFormed());
        const { status } = await ask(path, encodeCursor({ tenant, of, accepts }, position) ?? '');
        expect([path, [200, 400, 404].includes(status)]).toEqual([path, true]);
      }),
      { numRuns: 300 },
    );
  });

  test.each(['TEST#~', 'AUDIT#~', 'USE#reports'])(
    'at position %j is rejected by the list of tests',
    async (position) => {
      const of = ['tests', id.slice(5)];
      const answer = await ask(
        `/v1/connections/${id}/tests`,
        encodeCursor({ tenant, of, accepts }, position) ?? '',
      );
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid-cursor']);
    },
  );

  test('is rejected by other lists, other filters and other tenants', async () => {
    const positions: Readonly<Record<string, string>> = {
      tests: `TEST#2026-01-01T00:00:00.000Z#${'0'.repeat(32)}`,
      usages: 'a',
    };
    const plain = lists().filter(([path]) => !path.endsWith('/schema'));
    for (const [path, own] of plain) {
      const position = positions[String(own[0])] ?? '0'.repeat(32);
      const askWith = async (of: readonly unknown[], as = tenant) =>
        (await ask(path, encodeCursor({ tenant: as, of, accepts }, position) ?? '')).status;
      expect([path, await askWith(own)]).toEqual([path, 200]);
      for (const [, of] of plain)
        if (of !== own) expect([path, of, await askWith(of)]).toEqual([path, of, 400]);
      for (const part of own.keys())
        for (const altered of [own.toSpliced(part, 1), own.with(part, 'another')])
          expect([path, altered, await askWith(altered)]).toEqual([path, altered, 400]);
      for (const as of [
        { ...tenant, org: 'org_other' },
        { ...tenant, environment: 'other' },
      ])
        expect([path, as, await askWith(own, as)]).toEqual([path, as, 400]);
    }
  });

  test('is accepted when its position is an item of the list', async () => {
    const { body } = await api.call(`GET /v1/connections/${id}/tests`);
    const [first] = body.data;
    const position = `TEST#${String(first?.['tested_at'])}#${String(first?.id).slice(5)}`;
    const cursor = encodeCursor({ tenant, of: ['tests', id.slice(5)], accepts }, position) ?? '';
    expect(await ask(`/v1/connections/${id}/tests`, cursor)).toMatchObject({
      status: 200,
      body: { data: [] },
    });
  });
});
