import { LambdaClient } from '@aws-sdk/client-lambda';
import { readEnv } from '../env.ts';
import type { Probe } from '../ports/probe.ts';
import { createLambdaProbe } from '../adapters/aws/lambda-probe.ts';

/** The probe of this deployment, limited to the functions that this function may invoke. */
export const openAwsProbe = (): Probe => {
  const { PROBE_TEST: test, PROBE_INTROSPECT: introspect, PROBE_CREDENTIALS: credentials } = readEnv();
  // No retries: a late answer must not make the probe do its work twice.
  return createLambdaProbe({
    client: new LambdaClient({
      maxAttempts: 1,
      // A test takes up to 25 s. For introspections, the caller sets its own time limit.
      requestHandler: { connectionTimeout: 1000, requestTimeout: 28_000, throwOnRequestTimeout: true },
    }),
    functions: { test, introspect, credentials },
  });
};
