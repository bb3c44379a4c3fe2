import fc from 'fast-check';
import { sslModes } from '../../shared/connectors/connector.ts';
import type { StoredConnection } from '../../shared/domain/connections/connection.ts';
import { defaultOptions } from '../../shared/domain/connections/connection-options.ts';
import { testTriggers } from '../../shared/domain/testing/test-result.ts';
import { stepNames } from '../../shared/network/dialer.ts';
import { problemCodes } from '../../shared/problem.ts';

/** Part of every text that must not be published. */
export const PLANTED = 'pLaNtEd';

const planted = fc.string({ maxLength: 8 }).map((text) => `${PLANTED}${text}`);
const texts = fc.dictionary(planted, planted, { maxKeys: 3 });
const time = fc
  .integer({ min: Date.parse('2025-01-01'), max: Date.parse('2027-01-01') })
  .map((ms) => new Date(ms).toISOString());
/** Codes are texts in the store: those that no release knows must not be published either. */
const code = fc.oneof(fc.constantFrom(...problemCodes), planted as fc.Arbitrary<never>);
const nullable = <T>(value: fc.Arbitrary<T>) => fc.option(value);

const step = fc.record({
  step: fc.constantFrom(...stepNames),
  status: fc.constantFrom('passed' as const, 'warning' as const, 'failed' as const, 'skipped' as const),
  duration_ms: fc.nat(),
  code,
  blame: planted,
  remediation: planted,
  native_code: planted,
  protocol: planted,
  expires_at: planted,
});

const test = fc.record({
  status: fc.constantFrom('connected' as const, 'failed' as const),
  details: fc.record({ latency_ms: fc.nat(), version: planted, error: planted, code }),
  steps: fc.array(step, { maxLength: 4 }),
  tested_at: time,
  vantage: fc.record({ region: planted, vpc_id: planted, egress_ips: fc.array(planted, { maxLength: 2 }) }),
  of: planted,
});

const catalog = fc.record({
  snapshot_id: planted,
  introspected_at: time,
  tables: fc.nat(),
  columns: fc.nat(),
  complete: fc.boolean(),
  missing: fc.array(fc.record({ reason: planted, count: fc.nat(), remediation: planted }), { maxLength: 2 }),
  duration_ms: fc.nat(),
  of: planted,
});

const introspection = fc.record({
  state: fc.constantFrom('running' as const, 'succeeded' as const, 'failed' as const),
  attempt: planted,
  of: planted,
  began_at: time,
  at: time,
  failures: fc.nat(),
  problem: nullable(
    fc.record({ code, detail: planted, remediation: planted, native_code: planted, step: planted }),
  ),
});

const decided = fc.constantFrom('connected' as const, 'degraded' as const, 'failed' as const);
const publicText = fc.string({ maxLength: 20 });

/** Any stored connection. Only its name, tags, consumers, tenant and connector are free of planted texts. */
export const arbitraryStoredConnection: fc.Arbitrary<StoredConnection> = fc.record({
  name: publicText,
  description: nullable(planted),
  type: fc.constantFrom('postgresql', 'mysql', 's3', 'kafka', 'snowflake'),
  flavor: nullable(planted),
  role: fc.constantFrom('source' as const, 'target' as const),
  mode: fc.constantFrom('managed' as const, 'platform' as const),
  product: nullable(planted),
  config: fc
    .tuple(texts, fc.record({ host: planted, database: planted, username: planted, port: fc.nat() }))
    .map((parts) => Object.assign({}, ...parts) as Readonly<Record<string, unknown>>),
  options: fc.constantFrom(...sslModes).map((ssl_mode) => ({ ...defaultOptions, ssl_mode })),
  ssl: fc.record({ ca: nullable(planted), cert: nullable(planted) }),
  excluded_schemas: fc.array(planted, { maxLength: 2 }),
  tags: fc.array(publicText, { maxLength: 3 }),
  metadata: texts,
  id: fc.stringMatching(/^[0-9a-f]{32}$/),
  org_id: publicText,
  environment_id: publicText,
  auth_method: planted,
  secret: fc.oneof(fc.record({ name: planted, version: planted }), fc.record({ arn: planted })),
  bound: texts.chain((fields) =>
    fc.constantFrom(...sslModes).map((ssl_mode) => ({ ...fields, ssl_mode })),
  ) as fc.Arbitrary<StoredConnection['bound']>,
  credentials_version: fc.nat(),
  fields: fc.dictionary(planted, fc.record({ set_at: time, fingerprint: planted }), { maxKeys: 2 }),
  status: fc.constantFrom('pending' as const, 'testing' as const, 'connected' as const, 'failed' as const),
  status_reason: nullable(code),
  decided_status: nullable(decided),
  last_test: nullable(test),
  decided_at: nullable(time),
  refusals_version: nullable(planted),
  paused_since: nullable(time),
  tested_by: nullable(fc.constantFrom(...testTriggers)),
  refusals: fc.nat(),
  refusals_of: nullable(planted),
  awaits_test: nullable(fc.nat()),
  catalog: nullable(catalog),
  previous_catalog: nullable(catalog),
  last_introspection: nullable(introspection),
  usages: fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.nat(), { maxKeys: 3 }),
  used_at: nullable(time),
  deleted_at: nullable(time),
  version: fc.nat(),
  revision: fc.nat(),
  cause: fc.constantFrom<StoredConnection['cause'][]>(
    'created',
    'updated',
    'tested',
    'introspected',
    'used',
    'deleted',
    'restored',
  ),
  created_at: time,
  updated_at: time,
});
