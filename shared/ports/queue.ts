import type { TestTrigger } from '../domain/testing/test-result.ts';

/** A test of one saved connection, as a queue message. It proves nothing: the probe reads the connection and its health again. */
export interface TestMessage {
  readonly org_id: string;
  readonly environment_id: string;
  /** 32 hex digits. */
  readonly connection_id: string;
  readonly trigger: TestTrigger;
  /** The event, schedule run or request that caused the test. For the audit record. */
  readonly request_id: string;
  /** The version that awaits the test. The test is skipped if the connection no longer waits for it. */
  readonly awaited?: number;
  /** When a scheduled test is due, in milliseconds since the epoch. A test is run once for one due time. */
  readonly due?: number;
  /** The interval in minutes of the slot that requested the test. If the connection has another one, the slot is deleted. */
  readonly interval?: number;
  /** The `seq` of the health item for which a retry was planned. A retry for another one is dropped. */
  readonly seq?: number;
  /** Who requested the test, for the audit record. Absent if Mooring itself did. */
  readonly actor?: string;
  /** The batch test that waits for the result (`POST /v1/tests`). */
  readonly batch?: string;
}

/** One attempt to deliver one event to one webhook. */
export interface DeliveryMessage {
  readonly org_id: string;
  readonly environment_id: string;
  readonly webhook_id: string;
  readonly connection_id: string;
  readonly event_id: string;
  /** When the event happened, ISO 8601. Part of the key of the delivery. */
  readonly event_at: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
}

/** A message and how long the queue keeps it back, at most 900 seconds. */
export interface QueuedMessage<T> {
  readonly message: T;
  readonly delaySeconds?: number;
}

/** The queues. Each message is delivered at least once; tenants take turns. Throws if not all messages were taken; some may be. */
export interface Queue {
  sendTests(messages: readonly QueuedMessage<TestMessage>[]): Promise<void>;
  /** First attempts are delivered in order per webhook and connection; later attempts in any order. */
  sendDeliveries(messages: readonly QueuedMessage<DeliveryMessage>[]): Promise<void>;
}
