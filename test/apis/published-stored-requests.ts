import { certificate, privateKey } from '../samples.ts';
import { apis, type Call, createRefused, creates, type RefusedRequest } from './refused-request.ts';

/** What is stored before `listStoredRequests` are sent: the ids of a connection that a consumer uses, and of one that none uses. */
export interface StoredIds {
  readonly used: string;
  readonly free: string;
}

/** The request that takes the name `Orders`, in any case. */
export const storedBodies: readonly (readonly [request: string, call: Call])[] = [
  [creates.providers.request, { body: creates.providers.body, headers: { 'idempotency-key': 'first' } }],
];

const toUuid = (id: string) => id.slice(5).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
const toPairs = (count: number, value: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, value]));

/** Metadata as large as a body of `bytes` bytes allows. */
const fillBody = (bytes: number) => {
  const pairs = toPairs(43, '€'.repeat(2000));
  const left = bytes - Buffer.byteLength(JSON.stringify({ metadata: { ...pairs, last: '' } }));
  return { metadata: { ...pairs, last: '€'.repeat(Math.floor(left / 3)) } };
};

/** Requests about connections that exist. The name `Orders` is taken. */
export const listStoredRequests = ({ used, free }: StoredIds): readonly RefusedRequest[] => [
  ...apis.map((api) => createRefused(api, 'a name that is taken', { body: creates[api].body })),
  createRefused('providers', 'an Idempotency-Key of another request', { body: { ...creates.providers.body, name: 'Another' }, headers: { 'idempotency-key': 'first' } }),
  createRefused('management', 'a connection in use', {}, `DELETE /v1/management/connections/${toUuid(used)}`),
  createRefused('profiles', 'a connection in use', {}, `DELETE /api/v1/connection_profiles/prof_${used.slice(5)}`),
  createRefused('registrations', 'a connection in use', {}, `DELETE /api/v1/connections/${toUuid(used)}`),
  createRefused('profiles', 'columns of no table', {}, `GET /api/v1/connection_profiles/prof_${free.slice(5)}/autocomplete?type=columns`),
  createRefused('profiles', 'topics of a database', {}, `GET /api/v1/connection_profiles/prof_${free.slice(5)}/autocomplete?type=topics`),
  ...(
    [
      ['another type', { type: 'MYSQL' }],
      ['a host with a port', { host: 'db.example.com:5432' }],
      ['a blank name', { configName: ' ' }],
      ['a name that is taken', { configName: 'Used' }],
      ['more than 50 pairs', { schema: 'sales', metadata: toPairs(50, 'v') }],
      ['more than 256 KB in all', fillBody(256 * 1024 - 3)],
      ['a CA that is no PEM', { ssl: { mode: 'require', ca: 'x' } }],
      ['a certificate without its key', { ssl: { cert: certificate } }],
      ['a key without its certificate', { ssl: { key: privateKey } }],
    ] as const
  ).map(([title, body]) =>
    createRefused('management', `an update with ${title}`, { body }, `PATCH /v1/management/connections/${toUuid(free)}`),
  ),
  createRefused('management', 'the test of a source that refuses', {}, `POST /v1/management/connections/${toUuid(free)}/test`),
  createRefused('management', 'the schema of a source that refuses', {}, `GET /v1/management/connections/${toUuid(free)}/schema`),
]; // prettier-ignore
