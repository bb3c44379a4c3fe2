import { findTestedConnection } from '../shared/domain/health/find-tested-connection.ts';
import { recordTestResult } from '../shared/domain/health/record-test.ts';
import { createId } from '../shared/domain/id.ts';
import { MINUTE_MS } from '../shared/domain/schedule/slots.ts';
import type { TestResult, TestTrigger } from '../shared/domain/testing/test-result.ts';
import type { SavedTest } from '../shared/ports/probe.ts';
import type { Store, StoreChange } from '../shared/ports/store.ts';
import type { ProblemCode } from '../shared/problem.ts';
import { startApi } from './api.ts';
import { createConnectionBody } from './samples.ts';

export const HOUR_MS = 60 * MINUTE_MS;
const tenant = { org: 'org_test', environment: 'default' };

/** The API with one untested connection, a clock, and results of tests that need no source. */
export const startHealth = async () => {
  const clock = { now: Date.parse('2026-01-01T00:00:30Z') };
  const api = await startApi({ clock: () => clock.now });
  const { id } = (await api.call('POST /v1/connections?test=false', { body: createConnectionBody() })).body;
  const key = id.slice(5);
  /** The names of the items of each write. */
  const writes: string[][] = [];
  const store: Store = {
    ...api.store,
    write: async (changes) => {
      writes.push(changes.map(nameChange));
      await api.store.write(changes);
    },
  };
  const deps = { store, clock: () => clock.now };
  const read = () => findTestedConnection(api.store, tenant, key);
  const createCall = (trigger: TestTrigger, more: Partial<SavedTest> = {}): SavedTest => ({
    tenant,
    id: key,
    actor: 'mooring',
    request_id: 'run-1',
    trigger,
    ...more,
  });
  const createResult = (code: ProblemCode | null, latency = 10): TestResult => ({
    status: code === null ? 'connected' : 'failed',
    details: code === null ? { latency_ms: latency, version: 'PostgreSQL 17' } : { error: 'No.', code },
    steps: [],
    tested_at: new Date(clock.now).toISOString(),
    vantage: { region: null, vpc_id: null, egress_ips: [] },
  });
  const get = async () => (await api.call(`GET /v1/connections/${id}`)).body;
  return {
    api,
    id,
    clock,
    deps,
    store,
    writes,
    read,
    createCall,
    createResult,
    /** Records one result, and returns what was written. `ago`: how long before now the test began. */
    record: async (
      trigger: TestTrigger,
      code: ProblemCode | null,
      { ago = 0, latency = 10, ...more }: Partial<SavedTest> & { ago?: number; latency?: number } = {},
    ) => {
      const tested = await read();
      const began = clock.now - ago;
      const finished = {
        test: createId(began),
        began,
        tested: tested.stored,
        result: createResult(code, latency),
      };
      await recordTestResult(deps, createCall(trigger, more), finished, tested);
      return writes.at(-1);
    },
    get,
    getHealth: async () => Object((await get())['health']),
    getHistory: async (query = '') => (await api.call(`GET /v1/connections/${id}/tests${query}`)).body,
    /** The one-off slots of the minute that begins at or after this time. */
    listSlots: async (at: number) => {
      const minute = Math.ceil(at / MINUTE_MS);
      const found = await Promise.all(
        [0, 1, 2, 3].map((shard) => api.store.query({ pk: `ONCE#${minute}#${shard}`, limit: 9 })),
      );
      return found.flatMap(({ items }) => items);
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
};

export type HealthBench = Awaited<ReturnType<typeof startHealth>>;

const nameChange = (change: StoreChange): string => {
  if ('put' in change)
    return change.put.pk.startsWith('ONCE#') ? 'slot' : (change.put.sk.split('#')[0] ?? '');
  return 'check' in change ? 'check' : 'remove';
};
