import type { Answered, Api } from '../../api.ts';

export const base = '/v1/management/connections';
export const product = { 'x-product-name': 'my-product' };

/** The body of a create that is right in itself; nothing listens where it points. */
export const draft = (more: Readonly<Record<string, unknown>> = {}) => ({
  configName: 'production-db',
  type: 'POSTGRESQL',
  host: 'db.example.com',
  port: 5432,
  databaseName: 'mydatabase',
  userName: 'dbuser',
  password: 'not-a-real-password',
  ...more,
});

export const create = (api: Api, more: Readonly<Record<string, unknown>> = {}, headers: object = product) =>
  api.call(`POST ${base}`, { body: draft(more), headers: { ...headers } });

/** Status, code, and the fields that are to blame. */
export const refused = ({ status, body }: Answered) => [
  status,
  body.code,
  ...Object.keys(Object(body['fields'])).toSorted(),
];

export const itemsOf = ({ body }: Answered): readonly Readonly<Record<string, unknown>>[] =>
  Object(body['items']);
export const namesOf = (answer: Answered) => itemsOf(answer).map(({ configName }) => configName);
