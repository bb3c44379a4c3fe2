import * as v from 'valibot';
import { blames, problemCodes } from '../../problem.ts';

const NullableNumber = v.nullable(v.number());
const NullableText = v.nullable(v.string());

/** What the API says about a connection over time. */
export const ConnectionHealth = v.object({
  since: v.pipe(
    NullableText,
    v.description('Since when the connection has its status. Null before the first result.'),
  ),
  next_test_at: v.pipe(
    NullableText,
    v.description('When the next scheduled test is due. Null if none is planned, or while tests are paused.'),
  ),
  consecutive_failures: v.number(),
  availability_24h: v.pipe(
    NullableNumber,
    v.description(
      'The share of the tests of the last 24 hours that connected, from 0 to 1. Null without tests.',
    ),
  ),
  latency_ms: v.pipe(
    v.object({ last: NullableNumber, p50: NullableNumber, p95: NullableNumber }),
    v.description('Of the last 50 tests that connected.'),
  ),
  last_error: v.pipe(
    v.nullable(v.object({ code: v.picklist(problemCodes), blame: v.picklist(blames), at: v.string() })),
    v.description('The last failure, of the source or of Mooring itself.'),
  ),
  paused: v.pipe(
    v.nullable(v.object({ since: v.string(), reason: v.string(), resume: v.string() })),
    v.description(
      'Why no scheduled test is made: the source refused the same credentials three times in a row.',
    ),
  ),
});
export type ConnectionHealth = v.InferOutput<typeof ConnectionHealth>;
