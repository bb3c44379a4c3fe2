import { describe, expect, test } from '@jest/globals';
import { toPostponementSeconds } from '../../shared/domain/testing/queued-tests.ts';
import type { Probe } from '../../shared/ports/probe.ts';
import { Problem } from '../../shared/problem.ts';
import { type Api, startApi } from '../api.ts';
import { createConnectionBody } from '../samples.ts';

/** One minute and 17 seconds: 43 seconds of the second minute remain. */
const seventySeven = 77_000;

/** Starts an API whose probe counts the calls and refuses them. */
const startCounting = async (settings: object) => {
  const dials: string[] = [];
  const dial = (kind: string) => () => {
    dials.push(kind);
    return Promise.reject(new Problem('unavailable'));
  };
  const probe = { test: dial('test'), introspect: dial('introspect') } as unknown as Probe;
  const api = await startApi({ clock: () => seventySeven, settings, probe });
  return { api, dials };
};

const createOne = async (api: Api, name = 'Sales') =>
  (await api.call('POST /v1/connections?test=false', { body: { ...createConnectionBody(), name } })).body.id;

/** Every request of every API that may dial a source. */
const dialling = (id: string): readonly (readonly [string, object?, Record<string, string>?])[] => {
  const hex = id.slice(5);
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const profile = {
    name: 'p',
    connector: 'postgres',
    config: { host: '127.0.0.1', port: 1, database: 'd', username: 'u', password: 'not-real' },
  };
  return [
    [`POST /v1/connections/${id}/test`],
    ['POST /v1/connections/test', createConnectionBody()],
    ['POST /v1/connections?verify=true', { ...createConnectionBody(), name: 'Other' }],
    [`GET /v1/connections/${id}/schema?max_age=0`],
    [`GET /v1/connections/${id}/autocomplete?type=tables`],
    [`POST /v1/connections/${id}/schema/validate`, { tables: [{ name: 't' }] }],
    [`POST /v1/management/connections/${uuid}/test`],
    [`GET /v1/management/connections/${uuid}/schema`],
    ['POST /v1/management/connections/validate-schema', { mappedFields: { Sales: { t: ['f'] } } }],
    ['POST /api/v1/connection_profiles/test', profile],
    [`GET /api/v1/connection_profiles/prof_${hex}/autocomplete?type=tables`],
  ];
};

describe('quota of an organisation', () => {
  test('counts every request that may dial a source, in every API', async () => {
    const { api, dials } = await startCounting({ tests_per_minute: 0, reader_tests_per_minute: 0 });
    await using _ = api;
    const id = await createOne(api);
    for (const [request, body, headers] of dialling(id)) {
      const answer = await api.call(request, { ...(body && { body }), ...(headers && { headers }) });
      // validate-schema reports each source separately.
      if (!request.endsWith('validate-schema'))
        expect([request, answer.status, answer.headers['retry-after']]).toEqual([request, 429, '43']);
    }
    expect(dials).toEqual([]);
  });

  test('is separate for each organisation', async () => {
    const { api } = await startCounting({ tests_per_minute: 1 });
    await using _ = api;
    await api.addKey('sk_of_another_organisation', { org: 'org_other' });
    const ask = async (key?: string) =>
      (await api.call('POST /v1/connections/test', { body: createConnectionBody(), ...(key && { key }) }))
        .status;
    expect([await ask(), await ask(), await ask('sk_of_another_organisation')]).toEqual([503, 429, 503]);
  });

  test('is lower for callers who may only read', async () => {
    const { api, dials } = await startCounting({ reader_tests_per_minute: 2 });
    await using _ = api;
    const ids = [await createOne(api, 'a'), await createOne(api, 'b'), await createOne(api, 'c')];
    await api.addKey('sk_that_only_reads', { org: 'org_test', scopes: ['connections:read'] });
    const statuses = [];
    for (const id of ids) {
      const request = `GET /v1/connections/${id}/schema?max_age=0`;
      statuses.push((await api.call(request, { key: 'sk_that_only_reads' })).status);
    }
    expect(statuses).toEqual([503, 503, 429]);
    expect((await api.call(`GET /v1/connections/${ids[2]}/schema?max_age=0`)).status).toBe(503);
    expect(dials).toHaveLength(3);
  });

  test('is not used by a request that returns 404', async () => {
    const { api } = await startCounting({ tests_per_minute: 1 });
    await using _ = api;
    const missing = `conn_${'0'.repeat(32)}`;
    for (let i = 0; i < 3; i++)
      expect((await api.call(`GET /v1/connections/${missing}/schema`)).status).toBe(404);
    expect((await api.call('POST /v1/connections/test', { body: createConnectionBody() })).status).toBe(503);
  });
});

describe('quota of a host', () => {
  const at = (port: number, host: string) => ({
    ...createConnectionBody(),
    config: { ...createConnectionBody().config, host, port },
  });

  test('covers all ports and spellings of the host and leaves other hosts alone', async () => {
    const { api } = await startCounting({ destination_tests_per_minute: 2 });
    await using _ = api;
    const ask = async (port: number, host: string) =>
      (await api.call('POST /v1/connections/test', { body: at(port, host) })).status;
    expect([
      await ask(1, 'db.example.com'),
      await ask(2, 'DB.example.com'),
      await ask(3, 'db.example.com'),
      await ask(1, 'other.example.com'),
    ]).toEqual([503, 503, 429, 503]);
  });

  test.each([
    ['DB.Example.COM.', 'db.example.com'],
    ['MÜNCHEN.example.', 'xn--mnchen-3ya.example'],
    ['127.0.0.1', '2130706433', '0x7f.1', '::ffff:127.0.0.1', '[0:0:0:0:0:FFFF:7f00:1]'],
    ['2001:db8::1', '[2001:DB8:0:0:0:0:0:1]', '2001:0db8::0001'],
  ])('counts every spelling of %s as one host', async (...spellings) => {
    const { api } = await startCounting({ destination_tests_per_minute: spellings.length });
    await using _ = api;
    const ask = async (host: string) =>
      (await api.call('POST /v1/connections/test', { body: at(1, host) })).status;
    for (const host of spellings) expect([host, await ask(host)]).toEqual([host, 503]);
    for (const host of spellings) expect([host, await ask(host)]).toEqual([host, 429]);
  });

  test('counts introspections, and one over the quota is not started', async () => {
    const { api, dials } = await startCounting({ destination_tests_per_minute: 1 });
    await using _ = api;
    const id = await createOne(api);
    const schema = () => api.call(`GET /v1/connections/${id}/schema?max_age=0`);
    expect([(await schema()).status, (await schema()).status]).toEqual([503, 429]);
    expect(dials).toEqual(['introspect']);
    expect((await api.stored(id))?.last_introspection?.state).toBe('failed');
  });

  test('counts a test of an unsaved change at its destination, and no test that does not dial', async () => {
    await using api = await startApi({
      clock: () => seventySeven,
      settings: { destination_tests_per_minute: 1 },
    });
    const id = await createOne(api);
    const ask = async (body?: object) => {
      const answer = await api.call(`POST /v1/connections/${id}/test`, body && { body });
      return [answer.status, (answer.body['details'] as { code?: string } | undefined)?.code];
    };
    const moved = { config: { host: 'localhost' } };
    expect(await ask(moved)).toEqual([200, 'credentials-locked']);
    const known = { ...moved, credentials: { password: 'another-not-real-password' } };
    expect(await ask(known)).toEqual([200, 'connection-refused']);
    expect(await ask(known)).toEqual([429, undefined]);
    expect(await ask()).toEqual([200, 'connection-refused']);
    expect(await ask()).toEqual([429, undefined]);
  });
});

describe('a queued test', () => {
  test('waits when the quota is used up, and a fifth of the quota is reserved for callers', async () => {
    const { api, dials } = await startCounting({ tests_per_minute: 5, destination_tests_per_minute: 100 });
    await using _ = api;
    for (let i = 0; i < 10; i++)
      await api.call('POST /v1/connections', { body: { ...createConnectionBody(), name: `c${i}` } });
    const outcomes = [];
    for (const message of (await api.publish()).tests)
      outcomes.push(
        await api.makeTest(message).catch((error: unknown) => toPostponementSeconds(error) ?? error),
      );
    const unavailable = expect.objectContaining({ code: 'unavailable' });
    // Tests beyond the first minute are spread over the next minutes.
    expect(outcomes).toEqual([unavailable, unavailable, unavailable, unavailable, 43, 43, 43, 43, 103, 103]);
    expect(dials).toHaveLength(4);
    expect((await api.call('POST /v1/connections/test', { body: createConnectionBody() })).status).toBe(503);
    expect((await api.call('POST /v1/connections/test', { body: createConnectionBody() })).status).toBe(429);
  });
});
