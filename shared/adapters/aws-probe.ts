import { LambdaClient } from '@aws-sdk/client-lambda';
import { env } from '../env.ts';
import type { Probe } from '../ports/probe.ts';
import { lambdaProbe } from './lambda-probe.ts';

/** The probe of this deployment, as far as this function may invoke it. */
export const openProbe = (): Probe => {
  const { PROBE_TEST: test, PROBE_INTROSPECT: introspect, PROBE_CREDENTIALS: credentials } = env();
  // What the probe does must not be done twice because an answer was late.
  return lambdaProbe({
    client: new LambdaClient({
      maxAttempts: 1,
      // A test takes up to 25 s; who waits for an introspection hangs up by itself.
      requestHandler: { connectionTimeout: 1000, requestTimeout: 28_000, throwOnRequestTimeout: true },
    }),
    functions: { test, introspect, credentials },
  });
};
