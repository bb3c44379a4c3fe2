import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { base64url, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { tableKeys } from '../../shared/domain/table-keys.ts';
import { apiScopes } from '../../shared/http/authenticate.ts';
import { type ApiAnswer, type Api, startApi } from '../api.ts';
import { startIssuer } from '../issuer.ts';
import { createConnectionBody } from '../samples.ts';

const list = 'GET /v1/connections';
const refused = ({ status, body }: ApiAnswer) => [status, body.code];

describe('a caller', () => {
  let api: Api;
  beforeAll(async () => void (api = await startApi()));
  afterAll(() => api[Symbol.asyncDispose]());

  test.each([
    ['without a key', ''],
    ['with an unknown key', 'Bearer sk_unknown'],
    ['with a key in another scheme', 'Basic sk_test_of_the_whole_api'],
    ['with the key alone', 'sk_test_of_the_whole_api'],
    ['with two keys', 'Bearer sk_test_of_the_whole_api sk_test_of_the_whole_api'],
    ['with a token, where there is no issuer', 'Bearer e30.e30.e30'],
  ])('%s gets 401 with a WWW-Authenticate challenge', async (_, authorization) => {
    const answer = await api.call(list, { key: '', headers: { authorization } });
    expect(refused(answer)).toEqual([401, 'unauthenticated']);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.text).not.toContain('sk_unknown');
  });

  test('needs no valid key for health, the OpenAPI document, the docs and the problem pages', async () => {
    for (const path of ['/v1/health', '/v1/openapi.json', '/v1/docs', '/v1/problems/internal'])
      expect((await api.call(`GET ${path}`, { key: 'sk_unknown' })).status).toBe(200);
  });

  test('gets 401 before the request body is validated', async () => {
    const answer = await api.call('POST /v1/connections', { key: 'sk_unknown', text: '{' });
    expect(answer.status).toBe(401);
  });
});

describe('an API key', () => {
  let api: Api;
  let now = Date.parse('2026-01-01T00:00:00Z');
  beforeAll(async () => void (api = await startApi({ clock: () => now })));
  afterAll(() => api[Symbol.asyncDispose]());

  test('without environments and scopes has access to all of them', async () => {
    for (const environment of ['default', 'staging', 'brand-new']) {
      const headers = { 'x-environment-id': environment };
      expect(
        (await api.call('POST /v1/connections?test=false', { body: createConnectionBody(), headers })).status,
      ).toBe(201);
    }
  });

  test('sees only the connections of its own organisation', async () => {
    await api.addKey('sk_of_others', { org: 'org_other' });
    expect((await api.call(list, { key: 'sk_of_others' })).body.data).toEqual([]);
    expect((await api.call(list)).body.data).toHaveLength(1);
  });

  test('with environments has access to those environments only', async () => {
    await api.addKey('sk_environments', { org: 'org_test', environments: ['staging'] });
    const inEnvironment = (environment: string) =>
      api.call(list, { key: 'sk_environments', headers: { 'x-environment-id': environment } });
    expect((await inEnvironment('staging')).status).toBe(200);
    expect(refused(await inEnvironment('production'))).toEqual([403, 'forbidden']);
    expect(refused(await api.call(list, { key: 'sk_environments' }))).toEqual([403, 'forbidden']);
  });

  const wanted: readonly [string, string][] = [
    [list, 'connections:read'],
    ['GET /v1/connectors', 'connections:read'],
    ['POST /v1/connections', 'connections:write'],
    ['POST /v1/connections/test', 'connections:test'],
    [`PATCH /v1/connections/conn_${'0'.repeat(32)}`, 'connections:write'],
    [`DELETE /v1/connections/conn_${'0'.repeat(32)}`, 'connections:write'],
    [`POST /v1/connections/conn_${'0'.repeat(32)}/test`, 'connections:test'],
    [`GET /v1/connections/conn_${'0'.repeat(32)}/schema`, 'connections:read'],
  ];

  test.each(wanted)(
    'needs for %s the scope %s, and the 403 names the missing scope',
    async (request, scope) => {
      const others = apiScopes.filter((other) => other !== scope);
      const [without, alone] = [`sk_without_${scope}`, `sk_alone_${scope}`];
      await api.addKey(without, { org: 'org_scopes', scopes: others });
      await api.addKey(alone, { org: 'org_scopes', scopes: [scope] });
      const answer = await api.call(request, { key: without });
      expect(refused(answer)).toEqual([403, 'forbidden']);
      expect(answer.body['detail']).toContain(scope);
      expect([401, 403]).not.toContain((await api.call(request, { key: alone })).status);
    },
  );

  test('is accepted for up to one minute after it is revoked', async () => {
    await api.addKey('sk_revoked', { org: 'org_test' });
    const ask = async () => (await api.call(list, { key: 'sk_revoked' })).status;
    expect(await ask()).toBe(200);
    await api.store.write([{ remove: tableKeys.apiKey('sk_revoked') }]);
    now += 59_000;
    expect(await ask()).toBe(200);
    now += 1000;
    expect(await ask()).toBe(401);
  });
});

describe('a token', () => {
  let api: Api;
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  beforeAll(async () => {
    issuer = await startIssuer();
    api = await startApi({ settings: { tokens: tokens() } });
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await issuer[Symbol.asyncDispose]();
  });

  const tokens = (more: object = {}) => ({
    issuer: issuer.issuer,
    audience: issuer.audience,
    organisation_claim: 'org_id',
    environments_claim: 'environments',
    scope_claim: 'scope',
    ...more,
  });
  const whole = { org_id: 'org_test', environments: ['default'], scope: 'connections:read connections:test' };
  const ask = (token: string, request = list, headers = {}) => api.call(request, { key: token, headers });

  test('of the configured issuer is accepted with its organisation, environments and scopes', async () => {
    const token = await issuer.sign(whole);
    await api.call('POST /v1/connections?test=false', { body: createConnectionBody() });
    const { status, body } = await ask(token);
    expect([status, body.data[0]?.['org_id']]).toEqual([200, 'org_test']);
    expect(refused(await ask(token, list, { 'x-environment-id': 'other' }))).toEqual([403, 'forbidden']);
    expect(refused(await ask(token, 'POST /v1/connections'))).toEqual([403, 'forbidden']);
    expect((await ask(token, 'POST /v1/connections/test')).status).toBe(400);
  });

  test('is verified with cached keys: the issuer is asked once', async () => {
    await ask(await issuer.sign(whole));
    const before = issuer.asked();
    await Promise.all(Array.from({ length: 5 }, async () => ask(await issuer.sign(whole))));
    expect(issuer.asked()).toBe(before);
  });

  test.each([
    ['org_id', undefined],
    ['org_id', 5],
    ['org_id', 'org#other'],
    ['environments', undefined],
    ['environments', []],
    ['scope', undefined],
    ['scope', 'connections:readonly'],
  ])('without a valid claim %s gets 403: %j', async (claim, value) => {
    const token = await issuer.sign({ ...whole, [claim]: value });
    expect(refused(await ask(token))).toEqual([403, 'forbidden']);
  });

  test('may have a list of scopes, and * for all environments', async () => {
    const token = await issuer.sign({ ...whole, environments: ['*'], scope: ['connections:read'] });
    expect((await ask(token, list, { 'x-environment-id': 'any' })).status).toBe(200);
  });

  const past = () => Math.floor(Date.now() / 1000) - 60;
  test.each<[string, () => object]>([
    ['of another issuer', () => ({ iss: 'https://issuer.example.com' })],
    ['for another audience', () => ({ aud: 'another' })],
    ['that has expired', () => ({ exp: past() })],
    ['that never expires', () => ({ exp: undefined })],
    ['that is not valid yet', () => ({ nbf: past() + 3600 })],
  ])('%s gets 401', async (_, claims) => {
    const answer = await ask(await issuer.sign({ ...whole, ...claims() }));
    expect(refused(answer)).toEqual([401, 'unauthenticated']);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  test('with a forged signature, or with none, gets 401', async () => {
    const { privateKey: other } = await generateKeyPair('ES256');
    const good = await issuer.sign(whole);
    const [, payload = '', signature = ''] = good.split('.');
    const headed = (header: object) => base64url.encode(JSON.stringify(header));
    const forged = [
      await issuer.sign(whole, { key: other }),
      await issuer.sign(whole, { key: other, kid: 'two' }),
      `${headed({ alg: 'none' })}.${payload}.`,
      `${headed({ alg: 'ES256', kid: 'one' })}.${payload}.`,
      `${headed({ alg: 'ES256', kid: 'one' })}.${base64url.encode(JSON.stringify({ ...whole, org_id: 'org_other' }))}.${signature}`,
      'not.a.token',
      'x',
      'x'.repeat(9000),
    ];
    for (const token of forged) expect(refused(await ask(token))).toEqual([401, 'unauthenticated']);
  });

  test('signed with the public key as an HMAC secret gets 401', async () => {
    const key = await importJWK(issuer.publicKey, 'ES256', { extractable: true });
    if (key instanceof Uint8Array) throw new Error('expected a public key');
    for (const secret of [await exportSPKI(key), JSON.stringify(issuer.publicKey)]) {
      const token = await new SignJWT({ ...whole, iss: issuer.issuer, aud: issuer.audience })
        .setProtectedHeader({ alg: 'HS256', kid: 'one' })
        .setExpirationTime('1h')
        .sign(new TextEncoder().encode(secret));
      expect(refused(await ask(token))).toEqual([401, 'unauthenticated']);
    }
  });

  test('is read with the claim names that the deployment configures', async () => {
    const names = {
      organisation_claim: 'https://example.com/org',
      environments_claim: 'envs',
      scope_claim: 'permissions',
      jwks_uri: `${issuer.issuer}/keys`,
    };
    await using other = await startApi({ settings: { tokens: tokens(names) } });
    const token = await issuer.sign({
      'https://example.com/org': 'org_test',
      envs: 'default staging',
      permissions: ['connections:read'],
    });
    expect((await other.call(list, { key: token })).status).toBe(200);
    expect((await other.call(list, { key: await issuer.sign(whole) })).status).toBe(403);
  });

  test('gets 503 while the issuer does not answer, and is accepted afterwards', async () => {
    await using other = await startApi({ settings: { tokens: tokens() } });
    const token = await issuer.sign(whole);
    issuer.fail(true);
    const answer = await other.call(list, { key: token });
    issuer.fail(false);
    expect(refused(answer)).toEqual([503, 'unavailable']);
    expect(answer.headers['retry-after']).toBe('5');
    expect((await other.call(list, { key: token })).status).toBe(200);
  });

  test('gets 503 if the issuer is unreachable, while API keys still work', async () => {
    await using gone = await startIssuer();
    await using other = await startApi({ settings: { tokens: tokens({ issuer: gone.issuer }) } });
    const token = await gone.sign(whole);
    await gone[Symbol.asyncDispose]();
    expect(refused(await other.call(list, { key: token }))).toEqual([503, 'unavailable']);
    expect(other.logged.join('\n')).toContain('ECONNREFUSED'); // the log gives the operator the cause
    expect((await other.call(list)).status).toBe(200);
  });

  test('gets 503 if the issuer redirects the request for its keys', async () => {
    await using moving = await startIssuer();
    await using other = await startApi({ settings: { tokens: tokens({ issuer: moving.issuer }) } });
    moving.redirect();
    expect(refused(await other.call(list, { key: await moving.sign(whole) }))).toEqual([503, 'unavailable']);
    expect(moving.asked()).toBe(1);
  });

  test('never appears in the log, even if it is rejected', async () => {
    const token = await issuer.sign({ ...whole, aud: 'another' });
    await ask(token);
    expect(api.logged.join('\n')).not.toContain(token.split('.')[2]);
  });
});

test.each('RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' '))(
  'a token signed with %s is accepted',
  async (alg) => {
    await using issuer = await startIssuer(alg);
    await using api = await startApi({
      settings: {
        tokens: {
          issuer: issuer.issuer,
          audience: issuer.audience,
          organisation_claim: 'org_id',
          environments_claim: 'environments',
          scope_claim: 'scope',
        },
      },
    });
    const key = await issuer.sign({
      org_id: 'org_test',
      environments: ['default'],
      scope: 'connections:read',
    });
    expect((await api.call(list, { key })).status).toBe(200);
  },
);
