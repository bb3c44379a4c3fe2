import * as v from 'valibot';
import { stepNames } from '../../network/dialer.ts';
import { problemCodes } from '../../problem.ts';

export const testTriggers = ['request', 'create', 'change', 'schedule', 'event', 'rotation'] as const;
export type TestTrigger = (typeof testTriggers)[number];

export const TestStep = v.object({
  step: v.picklist(stepNames),
  status: v.picklist(['passed', 'warning', 'failed', 'skipped']),
  duration_ms: v.number(),
  code: v.exactOptional(v.picklist(problemCodes)),
  blame: v.exactOptional(v.string()),
  remediation: v.exactOptional(v.string()),
  native_code: v.exactOptional(v.string()),
  protocol: v.exactOptional(v.string()),
  expires_at: v.exactOptional(v.string()),
});
export type TestStep = v.InferOutput<typeof TestStep>;

/** Where a test came from: what a customer must add to an allow-list. */
export const Vantage = v.object({
  region: v.nullable(v.string()),
  vpc_id: v.nullable(v.string()),
  egress_ips: v.array(v.string()),
});
export type Vantage = v.InferOutput<typeof Vantage>;

/** A failed test is a result too, not a problem. */
export const TestResult = v.object({
  status: v.picklist(['connected', 'failed']),
  details: v.object({
    latency_ms: v.exactOptional(v.number()),
    version: v.exactOptional(v.string()),
    error: v.exactOptional(v.string()),
    code: v.exactOptional(v.picklist(problemCodes)),
  }),
  steps: v.array(TestStep),
  tested_at: v.string(),
  vantage: Vantage,
});
export type TestResult = v.InferOutput<typeof TestResult>;

/** A test in the history of a connection. */
export const TestRecord = v.object({
  id: v.string(),
  trigger: v.picklist(testTriggers),
  ...TestResult.entries,
});
export type TestRecord = v.InferOutput<typeof TestRecord>;

/** Scheduled tests with the same outcome as the test before them, which have no records of their own. */
export const RepeatedTestLine = v.object({
  repeated: v.pipe(v.number(), v.integer(), v.minValue(1)),
  from: v.string(),
  to: v.string(),
});

/** One line of the history of a connection. */
export const TestEntry = v.union([TestRecord, RepeatedTestLine]);
export type TestEntry = v.InferOutput<typeof TestEntry>;
