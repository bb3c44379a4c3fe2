import type { OpenapiJson } from './openapi-schemas.ts';

const exampleSettings = {
  name: 'Orders',
  type: 'postgresql',
  config: { host: 'db.example.com', port: 5432, database: 'orders', username: 'mooring_reader' },
  credentials: { password: 'an-example' },
  tags: ['production'],
};

const creationExamples = {
  'PostgreSQL, by fields': { value: exampleSettings },
  'PostgreSQL, by connection string': {
    value: {
      name: 'Orders',
      type: 'postgresql',
      connection_string: 'postgresql://mooring_reader:an-example@db.example.com/orders?sslmode=verify-full',
    },
  },
};

/** Example request bodies, by endpoint. */
export const requestExamples: Readonly<Record<string, Readonly<Record<string, OpenapiJson>>>> = {
  'connections/create': creationExamples,
  'connections/test-unsaved': creationExamples,
  'connections/change': {
    'New credentials': { value: { credentials: { password: 'another-example' } } },
    'Another name, and no description': { value: { name: 'Orders (EU)', description: null } },
  },
  'connections/replace': { 'New credentials': { value: { credentials: { password: 'another-example' } } } },
  'connections/validate': {
    'Two tables': {
      value: {
        tables: [
          { schema: 'public', name: 'orders', columns: [{ name: 'id', kind: 'integer', nullable: false }] },
          { name: 'customers' },
        ],
      },
    },
  },
  'tests/create': {
    'By tag, and wait': { value: { tags: ['production'], wait_seconds: 25 } },
    'By id': { value: { ids: ['conn_0198c0de00007000800000000000c0de'] } },
  },
  'connections/use': { 'For a day': { value: { ttl_seconds: 86_400, note: 'nightly report' } } },
};
