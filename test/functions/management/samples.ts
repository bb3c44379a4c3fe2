import type { ApiAnswer, Api } from '../../api.ts';

export const base = '/v1/management/connections';
export const product = { 'x-product-name': 'my-product' };

/** A valid body of a create. Nothing listens at its destination. */
export const buildManagementInput = (more: Readonly<Record<string, unknown>> = {}) => ({
  configName: 'production-db',
  type: 'POSTGRESQL',
  host: 'db.example.com',
  port: 5432,
  databaseName: 'mydatabase',
  userName: 'dbuser',
  password: 'not-a-real-password',
  ...more,
});

export const createManagementConnection = (
  api: Api,
  more: Readonly<Record<string, unknown>> = {},
  headers: object = product,
) => api.call(`POST ${base}`, { body: buildManagementInput(more), headers: { ...headers } });

/** The status, the code and the invalid fields. */
export const summarizeManagementFailure = ({ status, body }: ApiAnswer) => [
  status,
  body.code,
  ...Object.keys(Object(body['fields'])).toSorted(),
];

export const toManagementItems = ({ body }: ApiAnswer): readonly Readonly<Record<string, unknown>>[] =>
  Object(body['items']);
export const toManagementNames = (answer: ApiAnswer) =>
  toManagementItems(answer).map(({ configName }) => configName);
