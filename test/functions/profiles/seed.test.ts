import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { buildOpenapiDocument } from '../../../infra/build/openapi.ts';
import type { TestResult } from '../../../shared/domain/testing/test-result.ts';
import { type Api, startApi } from '../../api.ts';
import { catalogSource } from '../../catalog-probe.ts';
import { createTable } from '../../domain/catalog-fixtures.ts';
import { section, sections } from './document.ts';
import { path, buildProfileInput, parseProfileAnswer, toProfileSuggestions } from './profiles.ts';

const create = section('Create Connection Profile');
const list = section('List Connection Profiles');
const tests = section('Test Connection Profile');
const remove = section('Delete Connection Profile');
const suggest = section('Get Autocomplete Suggestions');
const [sent, created] = create.examples;

let api: Api;
beforeEach(async () => void (api = await startApi()));
afterEach(() => api[Symbol.asyncDispose]());

const withId = ({ request }: { readonly request: string }, id: string) => request.replace('{id}', id);

/** The printed value, with patterns for the ids and times. */
const asPrinted = (printed: unknown): unknown =>
  JSON.parse(JSON.stringify(printed), (name, value: unknown) =>
    /^(id|created_at|updated_at)$/.test(name) ? expect.stringMatching(forms[name] ?? '') : value,
  );

const time = '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$';
const forms: Readonly<Record<string, string>> = { id: '^prof_\\w+$', created_at: time, updated_at: time };

/** A probe with a fixed test result, in place of the hosts in the document. */
const answering = (result: Pick<TestResult, 'status' | 'details' | 'steps'>) => ({
  test: async () => ({
    ...result,
    tested_at: '2024-01-01T00:00:00.000Z',
    vantage: { region: null, vpc_id: null, egress_ips: [] },
  }),
  credentials: () => Promise.reject(new Error('unexpected')),
  introspect: () => Promise.reject(new Error('unexpected')),
});

describe('seed 002, as printed', () => {
  test('has the five requests that are tested here', () => {
    expect([...sections.values()].map(({ request }) => request)).toEqual([
      `GET ${path}`,
      `POST ${path}`,
      `POST ${path}/test`,
      `DELETE ${path}/{id}`,
      `GET ${path}/{id}/autocomplete`,
    ]);
    expect([...sections.values()].map(({ examples }) => examples.length)).toEqual([1, 2, 2, 1, 1]);
  });

  test('creates the printed profile and returns the printed answer', async () => {
    const answer = await api.call(create.request, { body: sent });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual(asPrinted(created));
  });

  test('lists the created profile', async () => {
    expect((await api.call(list.request)).body).toEqual({ data: [] });
    await api.call(create.request, { body: sent });
    const answer = await api.call(list.request);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(asPrinted(list.examples[0]));
  });

  test('tests a profile without creating it, and returns the version without the product name', async () => {
    const [printed] = tests.examples;
    expect(tests.text).toContain('Same as create connection profile request.');
    const probe = answering({
      status: 'connected',
      details: { latency_ms: 45, version: 'Kafka 3.4.0' },
      steps: [],
    });
    await using own = await startApi({ probe });
    const answer = await own.call(tests.request, { body: sent });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(printed);
    expect((await own.call(list.request)).body).toEqual({ data: [] });
  });

  test('returns the cause of a failed test', async () => {
    const probe = answering({
      status: 'failed',
      details: { error: 'Kafka: the credentials were refused (58).', code: 'authentication-failed' },
      steps: [
        { step: 'authenticate', status: 'failed', duration_ms: 1, code: 'authentication-failed' },
        { step: 'query', status: 'skipped', duration_ms: 0 },
      ],
    });
    await using own = await startApi({ probe });
    const answer = await own.call(tests.request, { body: sent });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject(Object(tests.examples[1]));
    expect(Object.keys(answer.body)).toEqual(['error']);
  });

  test('deletes a profile, and then returns 404', async () => {
    const { id } = parseProfileAnswer(await api.call(create.request, { body: sent }));
    const answer = await api.call(withId(remove, id));
    expect([answer.status, answer.body]).toEqual([200, remove.examples[0]]);
    const again = await api.call(withId(remove, id));
    const [, status, , sentence] = /`(404) (Not Found)` - (.*)/.exec(remove.text) ?? [];
    expect([again.status, again.body]).toMatchObject([
      Number(status),
      { error: { code: 'NOT_FOUND', message: sentence } },
    ]);
  });

  test('returns 409 for a delete while the profile is in use', async () => {
    const { id } = parseProfileAnswer(await api.call(create.request, { body: sent }));
    const usage = `/v1/connections/conn_${id.slice(5)}/usages/nightly`;
    await api.call(`PUT ${usage}`);
    const answer = await api.call(withId(remove, id));
    const [, status, , sentence] = /`(409) (Conflict)` - (.*)/.exec(remove.text) ?? [];
    expect([answer.status, answer.body]).toMatchObject([
      Number(status),
      { error: { code: 'CONFLICT', message: sentence, details: { usages: [{ consumer: 'nightly' }] } } },
    ]);
    await api.call(`DELETE ${usage}`);
    expect((await api.call(withId(remove, id))).status).toBe(200);
  });

  test('suggests tables with their schema, rows and size', async () => {
    const mega = 1024 * 1024;
    const { probe, ...source } = catalogSource([
      createTable({ name: 'orders', rows: 5_000_000, size_bytes: 2560 * mega }),
      createTable({ name: 'users', rows: 1_000_000, size_bytes: 120 * mega }),
    ]);
    await using own = await startApi({ probe });
    const { id } = parseProfileAnswer(await own.call(create.request, { body: buildProfileInput() }));
    await own.call(`GET /v1/connections/conn_${id.slice(5)}/schema`);
    await source.background;
    const answer = await own.call(withId(suggest, id));
    expect(answer.status).toBe(200);
    const [printed] = suggest.examples as [{ data: { suggestions: { label: string }[] } }];
    // Sorted by name, as the API returns them. The document prints two of many.
    const byLabel = printed.data.suggestions.toSorted((a, b) => (a.label < b.label ? -1 : 1));
    expect(answer.body).toEqual({ data: { suggestions: byLabel } });
    expect(
      toProfileSuggestions(await own.call(`${withId(suggest, id)}?type=tables&parent=public`)),
    ).toHaveLength(2);
  });

  test.each(create.rows)('accepts $field of type $type, required: $required', async ({ field, ...row }) => {
    const body = { ...Object(sent), [field ?? '']: undefined };
    const without = await api.call(create.request, { body });
    expect(without.status).toBe(row['required'] === 'Yes' ? 400 : 201);
    const wrong = await api.call(create.request, { body: { ...body, [field ?? '']: [7] } });
    expect(wrong.body).toMatchObject({
      error: { code: 'VALIDATION_ERROR', details: { fields: [{ field }] } },
    });
  });

  test('has its texts in the OpenAPI document', async () => {
    const { paths, components } = await buildOpenapiDocument();
    const operations = Object(paths) as Record<string, Record<string, Record<string, unknown>>>;
    for (const [title, { request, text, rows }] of sections) {
      const [method = '', at = ''] = request.split(' ');
      const operation = operations[at]?.[method.toLowerCase()];
      const [, , sentence = ''] = text.split('\n');
      expect(operation).toMatchObject({
        summary: title,
        description: expect.stringContaining(sentence.replace(/\.$/, '')),
      });
      for (const { parameter, description } of rows.filter((row) => 'parameter' in row))
        expect(operation?.['parameters']).toContainEqual(
          expect.objectContaining({
            name: parameter,
            description: expect.stringContaining(`${description}`),
          }),
        );
    }
    const schemas = Object(components)['schemas'] as Record<string, { properties: object }>;
    for (const { field = '', description } of create.rows)
      expect(schemas['profiles.ProfileInput']?.properties).toMatchObject({ [field]: { description } });
  });
});
