import type { SQSEvent } from 'aws-lambda';
import type { DraftTest, SavedTest } from '../../shared/ports/probe.ts';
import { createProbeHandler } from '../../shared/runtime/probe-handler.ts';
import { probeUses } from '../../shared/runtime/vpc-probe.ts';

export const uses = probeUses;

const handleTestCall = createProbeHandler('probe/test', (probe, call: SavedTest | DraftTest) =>
  probe.test(call),
);

/** Runs tests that API functions request, and tests that come through the queue: those of changes, events and the schedule. */
export const handler = async (event: SavedTest | DraftTest | SQSEvent) => {
  if (!('Records' in event)) return handleTestCall(event);
  // Loaded here, so that a test that a caller waits for does not load what only the queue needs.
  const { runVpcQueuedTests } = await import('../../shared/runtime/run-queued-tests.ts');
  return runVpcQueuedTests(event);
};
