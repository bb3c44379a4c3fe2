import * as v from 'valibot';
import { limitCharacters } from '../../characters.ts';
import { connectorTypes } from '../connections/connection-input.ts';

/** The events that the inbound bus accepts, by detail-type. The stack's rules and the policy of the bus use the same names. */
export const TEST_REQUESTED = 'mooring.test-requested';
export const SECRET_LABEL_UPDATED = 'Secret Label Updated';
export const rdsDetailTypes = [
  'RDS DB Instance Event',
  'RDS DB Cluster Event',
  'RDS DB Proxy Event',
] as const;

/**
 * The categories after which a source may not accept logins as before: failover, restart (`availability`), maintenance, certificate
 * authority (`security`), stop and start (`notification`).
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
 */
export const rdsCategories = [
  'availability',
  'configuration change',
  'failover',
  'maintenance',
  'notification',
  'recovery',
  'security',
  'security patching',
] as const;

const AwsAccount = v.pipe(v.string(), v.regex(/^\d{12}$/));

/** The setting `event_accounts`. */
export const EventAccounts = v.record(
  AwsAccount,
  v.array(v.pipe(v.string(), v.regex(/^[^/\s]{1,200}\/([A-Za-z0-9][\w.-]{0,63}|\*)$/))),
);

/**
 * The envelope of every event. EventBridge itself sets these fields; `account` is the account that the event comes from.
 * https://docs.aws.amazon.com/eventbridge/latest/ref/overview-event-structure.html
 */
export const InboundEnvelope = v.object({
  id: v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/)),
  'detail-type': v.picklist([TEST_REQUESTED, SECRET_LABEL_UPDATED, ...rdsDetailTypes]),
  source: v.pipe(v.string(), v.maxLength(256)),
  account: AwsAccount,
  region: v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,32}$/)),
  resources: v.optional(v.array(v.pipe(v.string(), v.maxLength(2048))), []),
  detail: v.record(v.string(), v.unknown()),
});
export type InboundEnvelope = v.InferOutput<typeof InboundEnvelope>;

/** How many connections one event tests. */
export const MAX_REQUESTED_CONNECTIONS = 1000;

const createListSchema = <S extends v.GenericSchema>(entry: S, limit: number) =>
  v.exactOptional(v.pipe(v.array(entry), v.minLength(1), v.maxLength(limit)));

/** The detail of `mooring.test-requested`. Strict, so that a misspelled filter does not select every connection. */
export const TestRequest = v.strictObject({
  org_id: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  environment_id: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  connection_ids: createListSchema(
    v.pipe(v.string(), v.regex(/^conn_[0-9a-f]{32}$/)),
    MAX_REQUESTED_CONNECTIONS,
  ),
  tags: createListSchema(v.pipe(v.string(), v.minLength(1), limitCharacters(100)), 50),
  types: createListSchema(v.picklist(connectorTypes), connectorTypes.length),
  hosts: createListSchema(v.pipe(v.string(), v.minLength(1), v.maxLength(253)), 100),
  /** For the sender's own records: Mooring neither stores nor logs it. */
  reason: v.exactOptional(v.pipe(v.string(), limitCharacters(200))),
});
export type TestRequest = v.InferOutput<typeof TestRequest>;

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/event-detail-secret-label-updated-secretsmanager.html */
export const SecretLabelUpdate = v.object({
  source: v.literal('aws.secretsmanager'),
  resources: v.looseTuple([
    v.pipe(v.string(), v.regex(/^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]{1,600}$/)),
  ]),
  detail: v.object({ labelUpdated: v.literal('AWSCURRENT') }),
});

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-cloud-watch-events.sample.html */
export const RdsSourceEvent = v.object({
  source: v.literal('aws.rds'),
  detail: v.object({
    SourceIdentifier: v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9-]{0,62}$/)),
    EventCategories: v.pipe(
      v.array(v.string()),
      v.maxLength(20),
      v.check((categories) => categories.some((category) => rdsCategories.some((each) => each === category))),
    ),
  }),
});
