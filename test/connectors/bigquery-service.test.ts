import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { bigquery } from '../../shared/connectors/bigquery/connector.ts';
import { classifyBigqueryError } from '../../shared/connectors/bigquery/failures.ts';
import { parseServiceAccountKey } from '../../shared/connectors/bigquery/service-account.ts';
import { parseCredentials } from '../../shared/domain/connections/parse-connection-input.ts';
import { secureServer, createServiceTester } from '../contracts/service.ts';
import type { Change } from '../contracts/service.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const email = 'me@mooring-test.iam.gserviceaccount.com';
const keyFile = {
  type: 'service_account',
  client_email: email,
  private_key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  token_uri: 'https://169.254.169.254/token',
};
const credentials = { auth_method: 'service_account', service_account: JSON.stringify(keyFile) };

interface Asked {
  readonly path: string;
  readonly search: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}
/**
 * What the service answers: a value with status 200, or a status with a value. With `undefined` it never
 * answers.
 */
type Answer = (asked: Asked) => object | readonly [number, object] | undefined;

/**
 * A service that issues a token to every client and answers other requests with `answer`. It records them.
 */
const serviceOf = async (answer: Answer) => {
  const asked: Asked[] = [];
  const server = await secureServer((request, response) => void answerTo(request, response));
  const answerTo = async (request: IncomingMessage, response: ServerResponse) => {
    const text = await textOf(request);
    const url = new URL(request.url ?? '', 'https://localhost');
    if (url.pathname === '/token')
      return void response.end(JSON.stringify({ access_token: 'obviously-fake' }));
    const path = url.pathname.replace('/bigquery/v2/projects/mooring-test/', '');
    const one = { path, search: url.searchParams, body: text ? JSON.parse(text) : {} };
    asked.push(one);
    const said = one.body['dryRun'] === true && path === 'queries' ? (answer(one) ?? {}) : answer(one);
    if (said === undefined) return;
    const [status, value] = Array.isArray(said) ? said : [200, said];
    response.writeHead(status).end(JSON.stringify(value));
  };
  const tries = createServiceTester({
    connector: bigquery,
    config: { project_id: 'mooring-test' },
    credentials,
    endpoint: `https://localhost:${server.port}`,
  });
  return { ...tries, asked, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
};

const textOf = async (request: IncomingMessage) => (await request.setEncoding('utf8').toArray()).join('');

const sqlOf = ({ query }: Asked['body']) => (typeof query === 'string' ? query : '');

const rowsOf = (names: string, rows: readonly (readonly (string | null)[])[]) => ({
  jobComplete: true,
  schema: { fields: names.split(' ').map((name) => ({ name })) },
  rows: rows.map((cells) => ({ f: cells.map((v) => ({ v })) })),
});
const refused = (status: number, reason: string) =>
  [status, { error: { code: status, message: 'obviously-told', errors: [{ reason }] } }] as const;
const datasets = (...names: readonly string[]) => ({
  datasets: names.map((datasetId) => ({ datasetReference: { datasetId }, location: 'EU' })),
});

/**
 * A catalog of `count` tables. Its columns come in pages of `page` tables, after the client polls the job.
 */
const catalogOf =
  (count: number, page: number): Answer =>
  ({ path, search, body }) => {
    const sql = sqlOf(body);
    const name = (at: number) => `t${String(at).padStart(6, '0')}`;
    if (path === 'datasets') return datasets('shop');
    if (sql.includes('.TABLES')) {
      const rows = Array.from({ length: count }, (_, at) => ['shop', name(at), 'BASE TABLE']);
      return rowsOf('table_schema table_name table_type', rows);
    }
    if (sql.includes('.COLUMNS'))
      return { jobComplete: false, jobReference: { jobId: 'job', location: 'EU' } };
    if (path === 'queries/job') {
      const from = Number(search.get('pageToken') ?? 0);
      const tables = Array.from({ length: Math.min(page, count - from) }, (_, at) => name(from + at));
      const names = 'table_schema table_name column_name ordinal_position is_nullable data_type is_generated';
      const rows = tables.flatMap((table) =>
        ['3', '1', '2'].map((at) => ['shop', table, `c${at}`, at, 'YES', 'STRING', 'NEVER']),
      );
      const answer = rowsOf(names, rows);
      return from + page < count ? { ...answer, pageToken: String(from + page) } : answer;
    }
    return rowsOf('none', []);
  };

describe('BigQuery session', () => {
  test('reads ten thousand tables completely and in order, with as many queries as for one table', async () => {
    await using service = await serviceOf(catalogOf(10_000, 2000));
    await using session = await service.opened({}, 60);
    let last = '';
    let count = 0;
    const missing = await session.introspect({ excludedSchemas: [] }, (tables) => {
      for (const { name, columns } of tables) {
        expect(name > last).toBe(true);
        expect(columns.map((column) => column.name)).toEqual(['c1', 'c2', 'c3']);
        last = name;
        count++;
      }
    });
    expect([count, missing]).toEqual([10_000, []]);
    // There is no query per table: ten thousand tables take as many queries as one.
    expect(service.asked.filter(({ path, body }) => path === 'queries' && !body['dryRun'])).toHaveLength(6);
  });

  test('runs each query in the location of the dataset, with a limit on billed bytes', async () => {
    await using service = await serviceOf(catalogOf(1, 10));
    await service.catalogOf();
    const queries = service.asked.filter(({ path, body }) => path === 'queries' && !body['dryRun']);
    for (const { body } of queries) {
      expect(body).toMatchObject({
        location: 'EU',
        useLegacySql: false,
        maximumBytesBilled: String(2 ** 30),
        jobTimeoutMs: '20000',
        labels: { application: 'mooring' },
      });
    }
  });

  test('ends a query at its time limit', async () => {
    await using service = await serviceOf(({ path, body }) =>
      path === 'datasets' ? datasets('shop') : body['dryRun'] || path !== 'queries' ? {} : undefined,
    );
    await using session = await service.opened({}, 0.3);
    await expect(session.introspect({ excludedSchemas: [] }, () => {})).rejects.toMatchObject({
      code: 'timeout',
      extras: { remediation: expect.stringContaining('query_timeout_seconds') },
    });
  });

  test('pauses between questions for a query that is not complete', async () => {
    await using service = await serviceOf(({ path, body }) => {
      if (path === 'datasets') return datasets('shop');
      return body['dryRun'] ? {} : { jobComplete: false, jobReference: { jobId: 'job', location: 'EU' } };
    });
    await using session = await service.opened({}, 1);
    await expect(session.introspect({ excludedSchemas: [] }, () => {})).rejects.toMatchObject({
      code: 'timeout',
    });
    // Pauses of 50, 100, 200 … ms: at most five of each of the six queries within a second.
    const polls = service.asked.filter(({ path }) => path === 'queries/job');
    expect(polls.length).toBeGreaterThan(0);
    expect(polls.length).toBeLessThanOrEqual(30);
  });

  test('fails when a query goes on and has no job to ask for', async () => {
    await using service = await serviceOf(({ path, body }) => {
      if (path === 'datasets') return datasets('shop');
      return body['dryRun'] ? {} : { jobComplete: false };
    });
    await using session = await service.opened({}, 5);
    await expect(session.introspect({ excludedSchemas: [] }, () => {})).rejects.toMatchObject({
      code: 'protocol-mismatch',
    });
  });

  test('reads the other datasets when the account may not read one of them', async () => {
    await using service = await serviceOf((asked) => {
      const sql = sqlOf(asked.body);
      if (asked.path === 'datasets') return datasets('closed', 'shop');
      if (sql.includes('`closed`')) return refused(403, 'accessDenied');
      return catalogOf(2, 10)(asked);
    });
    const { tables, missing } = await service.catalogOf();
    expect(tables.map(({ schema }) => schema)).toEqual(['shop', 'shop']);
    expect(missing).toMatchObject([
      { reason: 'tables-denied', count: 1, remediation: expect.stringContaining('`closed`') },
    ]);
  });

  test.each([
    [503, 'backendError'],
    [500, 'internalError'],
    [403, 'rateLimitExceeded'],
  ])('reads the other datasets when one fails with %d %s', async (status, reason) => {
    await using service = await serviceOf((asked) => {
      const sql = sqlOf(asked.body);
      if (asked.path === 'datasets') return datasets('failing', 'shop');
      if (sql.includes('`failing`')) return refused(status, reason);
      return catalogOf(2, 10)(asked);
    });
    const { tables, missing } = await service.catalogOf();
    expect(tables.map(({ schema }) => schema)).toEqual(['shop', 'shop']);
    expect(missing).toEqual([
      { reason: 'tables-failed', count: 1, remediation: expect.stringContaining('later') },
    ]);
  });

  test('reads the other datasets when the query of one is stopped', async () => {
    await using service = await serviceOf((asked) => {
      const sql = sqlOf(asked.body);
      if (asked.path === 'datasets') return datasets('slow', 'shop');
      return sql.includes('`slow`') ? refused(400, 'stopped') : catalogOf(2, 10)(asked);
    });
    const { tables, missing } = await service.catalogOf();
    expect(tables.map(({ schema }) => schema)).toEqual(['shop', 'shop']);
    expect(missing).toEqual([
      { reason: 'tables-failed', count: 1, remediation: expect.stringContaining('query_timeout_seconds') },
    ]);
  });

  test.each([
    [429, 'rateLimitExceeded'],
    [503, 'backendError'],
  ])('retries a request that fails once with %d %s', async (status, reason) => {
    const busy = new Set<string>();
    await using service = await serviceOf((asked) => {
      const key = `${asked.path} ${sqlOf(asked.body)} ${String(asked.search)}`;
      if (busy.has(key)) return catalogOf(2, 10)(asked);
      busy.add(key);
      return refused(status, reason);
    });
    const { tables, missing } = await service.catalogOf();
    expect([tables.length, missing]).toEqual([2, []]);
    expect(busy.size).toBeGreaterThan(6);
  });

  test('reports statistics that it could not read as missing', async () => {
    await using service = await serviceOf((asked) =>
      sqlOf(asked.body).includes('__TABLES__') ? refused(403, 'accessDenied') : catalogOf(2, 10)(asked),
    );
    const { tables, missing } = await service.catalogOf();
    expect(tables).toHaveLength(2);
    expect(missing).toMatchObject([{ reason: 'statistics-denied' }]);
  });

  test.each([[{}], ['row'], [{ f: [{ v: 1 }] }], [{ f: [null] }]])(
    'fails with protocol-mismatch for a malformed row: %j',
    async (row) => {
      await using service = await serviceOf((asked) =>
        sqlOf(asked.body).includes('.COLUMNS')
          ? { ...rowsOf('table_schema', []), rows: [row] }
          : catalogOf(2, 10)(asked),
      );
      await expect(service.catalogOf()).rejects.toMatchObject({ code: 'protocol-mismatch' });
    },
  );

  test('reports write access as an excess privilege, with the statement that revokes it', async () => {
    const access = [
      { role: 'WRITER', userByEmail: email },
      { role: 'OWNER', userByEmail: 'somebody@else.test' },
    ];
    await using service = await serviceOf(({ path }) =>
      path === 'datasets/shop' ? { ...datasets('shop').datasets[0], access } : {},
    );
    await using session = await service.opened({
      config: { project_id: 'mooring-test', datasets: ['shop'] },
    });
    expect(await session.privileges()).toEqual({
      missing: [],
      excess: [
        {
          what: 'writing to dataset shop',
          revoke: `REVOKE \`roles/bigquery.dataEditor\` ON SCHEMA \`mooring-test\`.\`shop\` FROM "serviceAccount:${email}";`,
        },
      ],
    });
  });

  test.each([
    [400, 'bytesBilledLimitExceeded', 'server-error', 'config.datasets'],
    [500, 'bytesBilledLimitExceeded', 'server-error', 'config.datasets'],
    [401, 'authError', 'authentication-failed', undefined],
    [403, 'accessDenied', 'permission-denied', 'bigquery.jobUser'],
    [403, 'accessNotConfigured', 'permission-denied', 'gcloud services enable'],
    [403, 'rateLimitExceeded', 'server-error', 'quota'],
    [404, 'notFound', 'database-not-found', 'project_id'],
    [503, 'backendError', 'server-error', undefined],
  ] as const)('maps %d %s to %s', async (status, reason, code, cure) => {
    await using service = await serviceOf(() => refused(status, reason));
    const outcome = await service.tried();
    expect(outcome.details).toMatchObject({ code });
    const step = outcome.steps.find((one) => one.status === 'failed');
    expect(step).toMatchObject({ step: 'authenticate', native_code: reason });
    if (cure !== undefined) expect(step?.remediation).toContain(cure);
    // Google's message repeats the input; a result must not.
    expect(JSON.stringify(outcome)).not.toContain('obviously-told');
  });

  test('takes the native code from the details of an error whose reason is only forbidden', async () => {
    const details = [{ reason: 'SECURITY_POLICY_VIOLATED', domain: 'googleapis.com' }];
    const error = { code: 403, status: 'PERMISSION_DENIED', errors: [{ reason: 'forbidden' }], details };
    await using service = await serviceOf(() => [403, { error }]);
    const step = (await service.tried()).steps.find((one) => one.status === 'failed');
    expect(step).toMatchObject({
      code: 'permission-denied',
      native_code: 'SECURITY_POLICY_VIOLATED',
      remediation: expect.stringContaining('VPC Service Controls'),
    });
  });

  test('keeps the native code forbidden when the error has no details', async () => {
    await using service = await serviceOf(() => refused(403, 'forbidden'));
    const step = (await service.tried()).steps.find((one) => one.status === 'failed');
    expect(step).toMatchObject({ code: 'permission-denied', native_code: 'forbidden' });
  });

  test.each([
    ['a token with a line of its own', { access_token: 'one\r\nhost: two' }],
    ['no token', {}],
  ])('fails with protocol-mismatch when the token endpoint answers with %s', async (_, answer) => {
    await using server = await secureServer(
      (_request, response) => void response.end(JSON.stringify(answer)),
    );
    const change: Change = { endpoint: `https://localhost:${server.port}` };
    const { tried } = createServiceTester({
      connector: bigquery,
      config: { project_id: 'mooring-test' },
      credentials,
      endpoint: '',
    });
    expect((await tried(change)).details).toMatchObject({ code: 'protocol-mismatch' });
  });

  test('classifies an error that carries a gRPC status name, as newer Google APIs send it', () => {
    expect(classifyBigqueryError({ status: 403, reason: 'PERMISSION_DENIED' })).toMatchObject({
      code: 'permission-denied',
    });
  });
});

describe('service account key file', () => {
  const parsed = (given: unknown) =>
    parseCredentials(bigquery, { service_account: given }, false)['service_account'] ?? '';

  test.each([
    ['object', keyFile],
    ['text', JSON.stringify(keyFile)],
  ])('is accepted as %s and reduced to the fields that are needed', (_, given) => {
    expect(JSON.parse(parsed(given))).toEqual({ client_email: email, private_key: keyFile.private_key });
    expect(parsed(parsed(given))).toBe(parsed(given));
  });

  test.each([
    ['of another kind', { ...keyFile, type: 'external_account' }],
    ['without a key', { ...keyFile, private_key: undefined }],
    ['with something else for a key', { ...keyFile, private_key: 'obviously-told' }],
    ['of another mail address', { ...keyFile, client_email: 'obviously-told@example.test' }],
    ['that is no JSON', 'obviously-told'],
  ])('%s is rejected, and the error does not repeat it', (_, given) => {
    expect(parseServiceAccountKey(given)).toBeUndefined();
    const refusal = (() => {
      try {
        return parsed(given);
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toMatchObject({
      code: 'invalid-request',
      extras: {
        errors: [{ path: 'credentials.service_account', expected: expect.stringContaining('JSON key file') }],
      },
    });
    expect(JSON.stringify(refusal)).not.toContain('obviously-told');
  });
});
