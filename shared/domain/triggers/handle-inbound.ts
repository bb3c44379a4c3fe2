import * as v from 'valibot';
import type { Queue } from '../../ports/queue.ts';
import type { ReadStore } from '../../ports/store.ts';
import type { DeploymentSettings } from '../../settings.ts';
import type { Tenant } from '../access/tenant.ts';
import type { TestTrigger } from '../testing/test-result.ts';
import { findIndexed, findRequested } from './find-triggered.ts';
import {
  InboundEnvelope,
  RdsSourceEvent,
  SECRET_LABEL_UPDATED,
  SecretLabelUpdate,
  TEST_REQUESTED,
  TestRequest,
} from './inbound-event.ts';
import { toRdsTriggers, toSecretTriggers, type TriggeredConnection } from './trigger-index.ts';

interface InboundDependencies {
  readonly store: ReadStore;
  readonly queue: Pick<Queue, 'sendTests'>;
  readonly accounts: DeploymentSettings['event_accounts'];
}

/** Why an event starts no test. */
export type DropReason = 'malformed' | 'foreign tenant' | 'foreign account' | 'too many connections';

export type InboundOutcome =
  { readonly dropped: DropReason } | { readonly tests: number; readonly trigger: TestTrigger };

/**
 * Sends the tests that an event requests to the queue, where they wait for their quota. The event is not trusted: only the account that
 * EventBridge names decides for which tenants it may speak, and the probe reads each connection again.
 */
export const handleInboundEvent = async (
  dependencies: InboundDependencies,
  input: unknown,
): Promise<InboundOutcome> => {
  const parsed = v.safeParse(InboundEnvelope, input, { abortEarly: true });
  if (!parsed.success) return { dropped: 'malformed' };
  const event = parsed.output;
  const plan = await planTests(dependencies, event);
  if ('dropped' in plan) return plan;
  const { connections, trigger, delaySeconds } = plan;
  await dependencies.queue.sendTests(
    connections.map(({ tenant, id }) => ({
      message: {
        org_id: tenant.org,
        environment_id: tenant.environment,
        connection_id: id,
        trigger,
        request_id: event.id,
      },
      ...(delaySeconds !== undefined && { delaySeconds }),
    })),
  );
  return { tests: connections.length, trigger };
};

type TestPlan =
  | { readonly dropped: DropReason }
  | {
      readonly connections: readonly TriggeredConnection[];
      readonly trigger: TestTrigger;
      readonly delaySeconds?: number;
    };

const planTests = (
  dependencies: InboundDependencies,
  event: InboundEnvelope,
): Promise<TestPlan> | TestPlan => {
  if (event['detail-type'] === TEST_REQUESTED) return planRequestedTests(dependencies, event);
  if (event['detail-type'] === SECRET_LABEL_UPDATED) return planRotationTests(dependencies, event);
  return planRdsTests(dependencies, event);
};

const planRequestedTests = async (
  { store, accounts }: InboundDependencies,
  { account, detail }: InboundEnvelope,
): Promise<TestPlan> => {
  const parsed = v.safeParse(TestRequest, detail, { abortEarly: true });
  if (!parsed.success) return { dropped: 'malformed' };
  const { org_id: org, environment_id: environment } = parsed.output;
  const tenant = { org, environment };
  if (!isAccountMappedTo(accounts, account, tenant)) return { dropped: 'foreign tenant' };
  const connections = await findRequested(store, tenant, parsed.output);
  return connections ? { connections, trigger: 'event' } : { dropped: 'too many connections' };
};

/**
 * The owner of the secret has named the tenant in a tag (`mooring:tenant`), so no mapping of accounts is needed. A connection whose last test
 * found that its secret is not shared with it is left out: its tenant must not learn when the secret of another changes.
 */
const planRotationTests = async (
  { store }: InboundDependencies,
  event: InboundEnvelope,
): Promise<TestPlan> => {
  const parsed = v.safeParse(SecretLabelUpdate, event, { abortEarly: true });
  if (!parsed.success) return { dropped: 'malformed' };
  const [arn] = parsed.output.resources;
  if (arn.split(':')[4] !== event.account) return { dropped: 'foreign account' };
  const connections = await findIndexed(
    store,
    toSecretTriggers(arn),
    ({ status_reason: reason }) => reason !== 'secret-not-shared',
  );
  return { connections, trigger: 'rotation' };
};

const planRdsTests = async (
  { store, accounts }: InboundDependencies,
  event: InboundEnvelope,
): Promise<TestPlan> => {
  const parsed = v.safeParse(RdsSourceEvent, event, { abortEarly: true });
  if (!parsed.success) return { dropped: 'malformed' };
  if (accounts[event.account] === undefined) return { dropped: 'foreign account' };
  const identifier = parsed.output.detail.SourceIdentifier.toLowerCase();
  const connections = await findIndexed(
    store,
    toRdsTriggers(event.region, identifier),
    ({ org_id: org, environment_id: environment }) =>
      isAccountMappedTo(accounts, event.account, { org, environment }),
  );
  return { connections, trigger: 'event', delaySeconds: RDS_DELAY_SECONDS };
};

/**
 * A failover typically takes 60 to 120 seconds, and its event may come when it begins.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html
 */
const RDS_DELAY_SECONDS = 120;

/** Whether the settings let events of an AWS account speak for a tenant. */
const isAccountMappedTo = (
  accounts: InboundDependencies['accounts'],
  account: string,
  { org, environment }: Tenant,
): boolean => {
  const tenants = Object.hasOwn(accounts, account) ? (accounts[account] ?? []) : [];
  return tenants.some((name) => name === `${org}/${environment}` || name === `${org}/*`);
};
