import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from '@jest/globals';
import { secureServer } from '../contracts/service.ts';
import { pem } from '../network/servers.ts';
import { expectBoundedMemory } from '../contracts/memory.ts';

const tables = 10_000;
const columns = 20;
const name = (at: number) => `table_${String(at).padStart(6, '0')}`;

/** The answer to one of the six queries: its columns, the number of rows, and how to make one row. */
interface Answer {
  readonly of: RegExp;
  readonly names: string;
  readonly count: number;
  readonly row: (at: number) => readonly (string | null)[];
}
const place = (at: number) => ['shop', name(Math.floor(at / columns))];
const answers: readonly Answer[] = [
  {
    of: /INFORMATION_SCHEMA\.TABLES/,
    names: 'table_schema table_name table_type',
    count: tables,
    row: (at) => ['shop', name(at), 'BASE TABLE'],
  },
  {
    // All columns of the view: https://cloud.google.com/bigquery/docs/information-schema-columns
    of: /INFORMATION_SCHEMA\.COLUMNS/,
    names:
      'table_catalog table_schema table_name column_name ordinal_position is_nullable data_type is_generated generation_expression is_stored is_hidden is_updatable is_system_defined is_partitioning_column clustering_ordinal_position collation_name column_default rounding_mode data_policies.name policy_tags',
    count: tables * columns,
    row: (at) => {
      const of = ['mooring-test', ...place(at), `column_${at % columns}`, String((at % columns) + 1), 'YES'];
      const generated = ['STRUCT<city STRING, zip INT64>', 'NEVER', null, null, 'NO', null, 'NO', 'NO', null];
      return [...of, ...generated, 'NULL', 'NULL', null, null, null];
    },
  },
  {
    of: /TABLE_OPTIONS/,
    names: 'table_schema table_name option_value',
    count: tables,
    row: (at) => ['shop', name(at), `"What the shop knows of ${at}"`],
  },
  {
    of: /COLUMN_FIELD_PATHS/,
    names: 'table_schema table_name column_name description',
    count: tables * columns,
    row: (at) => [...place(at), `column_${at % columns}`, `What the shop knows of number ${at}`],
  },
  {
    of: /KEY_COLUMN_USAGE/,
    names:
      'table_schema table_name constraint_name constraint_type column_name ordinal_position position_in_unique_constraint their_schema their_table',
    count: tables,
    row: (at) => ['shop', name(at), `${name(at)}.pk`, 'PRIMARY KEY', 'column_0', '1', null, null, null],
  },
  {
    of: /__TABLES__/,
    names: 'table_schema table_name row_count size_bytes',
    count: tables,
    row: (at) => ['shop', name(at), '1000', '1048576'],
  },
];

/** One page of BigQuery's answer, with as many rows as the connector asks for. */
const pageOf = ({ names, count, row }: Answer, job: number, from: number, most: number) => ({
  jobComplete: true,
  jobReference: { jobId: String(job), location: 'EU' },
  schema: { fields: names.split(' ').map((field) => ({ name: field })) },
  rows: Array.from({ length: Math.min(most, count - from) }, (_, at) => ({
    f: row(from + at).map((v) => ({ v })),
  })),
  ...(from + most < count && { pageToken: String(from + most) }),
});

const saidTo = (url: URL, asked: string): object => {
  if (url.pathname === '/token') return { access_token: 'obviously-fake' };
  const path = url.pathname.replace('/bigquery/v2/projects/mooring-test/', '');
  if (path === 'datasets') return { datasets: [{ datasetReference: { datasetId: 'shop' }, location: 'EU' }] };
  if (path !== 'queries') {
    const job = Number(path.replace('queries/', ''));
    const answer = answers[job];
    const [from, most] = ['pageToken', 'maxResults'].map((key) => Number(url.searchParams.get(key)));
    return answer ? pageOf(answer, job, from ?? 0, most ?? 0) : {};
  }
  const { query, dryRun, maxResults }: { query: string; dryRun?: boolean; maxResults: number } =
    JSON.parse(asked);
  const job = answers.findIndex(({ of }) => of.test(query));
  const answer = answers[job];
  return dryRun === true || !answer ? {} : pageOf(answer, job, 0, maxResults);
};

/** The connector, its token, pages and row folding are real; BigQuery's answers are scripted. */
test('BigQuery introspection of ten thousand tables stays within the memory limit', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await using server = await secureServer((request: IncomingMessage, response) => {
    void text(request).then((asked) =>
      response.end(JSON.stringify(saidTo(new URL(request.url ?? '', 'https://localhost'), asked))),
    );
  });
  const keyFile = {
    client_email: 'me@mooring-test.iam.gserviceaccount.com',
    private_key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
  await expectBoundedMemory({
    connector: 'bigquery',
    target: {
      config: { project_id: 'mooring-test' },
      credentials: { auth_method: 'service_account', service_account: JSON.stringify(keyFile) },
      options: { ssl_mode: 'verify-full', query_timeout_seconds: 60 },
      role: 'source',
      endpoint: `https://localhost:${server.port}`,
    },
    tlsSettings: { mode: 'verify-full', ca: pem('ca.crt') },
  });
});
