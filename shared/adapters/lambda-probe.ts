import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { Introspected, Probe } from '../ports/probe.ts';
import { jsonOf } from '../json.ts';
import { Problem } from '../problem.ts';
import { type ProbeAnswer, unpacked } from './probe-answer.ts';
import { endedProblem, type ProbeEnding } from './probe-ending.ts';

interface Options {
  readonly client: Pick<LambdaClient, 'send'>;
  /** The names of the probe's functions that this caller may invoke. */
  readonly functions: { readonly [K in keyof Probe]?: string | undefined };
}

/** The probe in the VPC, by invocation. Never tried twice: what it does may have been done. */
export const lambdaProbe = ({ client, functions }: Options): Probe => {
  const invoke = async (name: keyof Probe, payload: unknown, wait?: number): Promise<unknown> => {
    const command = new InvokeCommand({
      FunctionName: functions[name] ?? missing(name),
      InvocationType: wait === 0 ? 'Event' : 'RequestResponse',
      Payload: Buffer.from(JSON.stringify(payload)),
    });
    const signal = wait ? AbortSignal.timeout(wait) : undefined;
    try {
      const { Payload, FunctionError } = await client.send(command, signal ? { abortSignal: signal } : {});
      if (wait === 0 && !FunctionError) return stillRunning;
      return answerOf(FunctionError, Payload);
    } catch (error) {
      // The function goes on all the same.
      if (signal?.aborted) return stillRunning;
      throw error instanceof Problem
        ? error
        : new Problem('unavailable', 'The probe does not answer', { cause: error });
    }
  };
  return {
    // The answers come from functions of this same bundle, whose handlers have these very types.
    test: async (call) => (await invoke('test', call)) as Awaited<ReturnType<Probe['test']>>,
    credentials: async (call) =>
      (await invoke('credentials', call)) as Awaited<ReturnType<Probe['credentials']>>,
    introspect: async (call, wait) => (await invoke('introspect', call, wait)) as Introspected,
  };
};

const stillRunning: Introspected = { running: true };

const missing = (name: string): never => {
  throw new Error(`This function may not invoke the probe's ${name}`);
};

const answerOf = (failed: string | undefined, payload: Uint8Array | undefined): unknown => {
  const text = payload ? Buffer.from(payload).toString() : '';
  if (failed !== undefined || text === '') throw endedProblem(endingOf(text)); // its reason is in the probe's own log
  return unpacked(JSON.parse(text) as ProbeAnswer); // of our own functions
};

/**
 * What Lambda says of a function that came to no answer. A runtime that ran out of memory was killed by the system, or gave up by itself:
 * https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
 */
const endingOf = (failure: string): ProbeEnding => {
  const told = jsonOf(failure);
  if (typeof told !== 'object' || told === null) return 'unknown';
  const type = 'errorType' in told ? told.errorType : undefined;
  const message = 'errorMessage' in told ? String(told.errorMessage) : '';
  if (type === 'Sandbox.Timedout' || /\bTask timed out after\b/.test(message)) return 'time';
  if (type === 'Runtime.OutOfMemory') return 'memory';
  return type === 'Runtime.ExitError' && /\bsignal: (killed|aborted)\b/.test(message) ? 'memory' : 'unknown';
};
