import assert from 'node:assert/strict';
import type { Answer, Call } from './api.ts';
import { caller } from './api.ts';

interface Given {
  readonly base: string;
  readonly api: Call;
  readonly check: (sentence: string, work: () => Promise<void>) => Promise<void>;
  /** The database that a connection is created for through every API. */
  readonly database: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly user: string;
    readonly password: string;
  };
}

const product = { 'x-product-name': 'e2e' };

/** One wire format: a valid create, how to find and delete its connection, and the format of its failures. */
interface Spoken {
  readonly create: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: (database: Given['database']) => object;
  readonly idOf: (body: Answer['body']) => string;
  /** Converts the format's id to the internal id. */
  readonly inside: (id: string) => string;
  readonly own?: (id: string) => string;
  readonly nowhere: string;
  readonly isFailure: (body: Answer['body']) => boolean;
}

const dataOf = (body: Answer['body']) => body['data'] as Readonly<Record<string, unknown>>; // both envelopes have it
const undashed = (id: string) => id.replaceAll('-', '');

const spoken: Readonly<Record<string, Spoken>> = {
  providers: {
    create: '/v1/providers/postgresql/connections',
    body: ({ host, port, database, user, password }) => ({
      name: 'e2e providers',
      mode: 'managed',
      credentials: { host, port, database, user, password },
    }),
    idOf: ({ id }) => String(id),
    inside: (id) => id.slice('conn_'.length),
    nowhere: '/v1/providers/postgresql/nothing',
    isFailure: ({ type, code }) => String(type) === `/v1/problems/${String(code)}`,
  },
  management: {
    create: '/v1/management/connections',
    headers: product,
    body: ({ host, port, database, user, password }) => ({
      configName: 'e2e-management',
      type: 'POSTGRESQL',
      host,
      port,
      databaseName: database,
      userName: user,
      password,
    }),
    idOf: ({ id }) => String(id),
    inside: undashed,
    own: (id) => `/v1/management/connections/${id}`,
    nowhere: '/v1/management/connections/a/b/c',
    isFailure: ({ code, title, message }) =>
      /^FET-\d{4}$/.test(String(code)) && typeof title === 'string' && typeof message === 'string',
  },
  profiles: {
    create: '/api/v1/connection_profiles',
    body: ({ host, port, database, user, password }) => ({
      name: 'e2e profiles',
      connector: 'postgres',
      config: { host, port, database, username: user, password },
    }),
    idOf: (body) => String(dataOf(body)['id']),
    inside: (id) => id.slice('prof_'.length),
    nowhere: '/api/v1/connection_profiles/a/b/c',
    isFailure: ({ error }) => /^[A-Z_]+$/.test(String((error as { code?: unknown } | undefined)?.code)),
  },
  registrations: {
    create: '/api/v1/connections',
    body: ({ host, port, database, user, password }) => ({
      name: 'e2e registrations',
      db_type: 'postgresql',
      connection_string: `postgresql://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`,
    }),
    idOf: (body) => String(dataOf(body)['id']),
    inside: undashed,
    own: (id) => `/api/v1/connections/${id}`,
    nowhere: '/api/v1/connections/a/b/c',
    isFailure: ({ success, data, error, detail }) =>
      Array.isArray(detail) ||
      (success === false && data === null && typeof (error as { code?: unknown }).code === 'string'),
  },
};

/**
 * Checks each of the other wire formats on the deployed stacks: it creates connections, and failures have its
 * own format.
 */
export const checkApis = async ({ base, api, check, database }: Given): Promise<void> => {
  for (const [name, format] of Object.entries(spoken)) {
    const { create, headers = {}, isFailure } = format;

    await check(`${name}: what it creates is a connection like any other`, async () => {
      const made = await api('POST', create, { body: format.body(database), headers });
      assert.equal(made.status, 201, made.text);
      assert.ok(!made.text.includes(database.password));
      const id = format.idOf(made.body);
      if (format.own) assert.equal((await api('GET', format.own(id))).status, 200);
      const seen = await api('GET', `/v1/connections/conn_${format.inside(id)}`);
      assert.deepEqual([seen.status, seen.body['type']], [200, 'postgresql']);
      const tested = await api('POST', `/v1/connections/conn_${format.inside(id)}/test`);
      assert.equal(tested.body['status'], 'connected', tested.text);
      const gone = await api('DELETE', `/v1/connections/conn_${format.inside(id)}?purge=true`);
      assert.equal(gone.status, 204, gone.text);
    });

    await check(`${name}: its failures have its own form`, async () => {
      const failures: readonly (readonly [number[], Answer])[] = [
        [[401], await caller(base)('POST', create, { body: {}, headers })],
        [[400, 422], await api('POST', create, { body: { nothing: 'known' }, headers })],
        [[400, 422], await api('POST', create, { body: ['wrong', 'type'], headers })],
        [[400, 422], await api('POST', create, { text: '{"not json', headers })],
        [[404], await api('GET', format.nowhere)],
        [[405], await api('PATCH', create, { body: {}, headers })],
      ];
      for (const [statuses, { status, body, text }] of failures) {
        assert.ok(statuses.includes(status), `${status}: ${text}`);
        assert.ok(isFailure(body), text);
      }
      if (format.own) {
        const wrong = await api('GET', format.own('no-id'));
        assert.ok([400, 404, 422].includes(wrong.status) && isFailure(wrong.body), wrong.text);
      }
    });
  }
};
