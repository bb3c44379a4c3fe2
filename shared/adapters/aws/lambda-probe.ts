import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { IntrospectionAnswer, Probe } from '../../ports/probe.ts';
import { tryParseJson } from '../../json.ts';
import { Problem } from '../../problem.ts';
import { type ProbeAnswer, decodeProbeAnswer } from '../probe-answer.ts';
import { toEndingProblem, type ProbeEnding } from '../probe-ending.ts';

interface LambdaProbeOptions {
  readonly client: Pick<LambdaClient, 'send'>;
  /** The names of the probe's functions that this caller may invoke. */
  readonly functions: { readonly [K in keyof Probe]?: string | undefined };
}

/** Invokes the probe in the VPC. It never retries, because the probe may already have done the work. */
export const createLambdaProbe = ({ client, functions }: LambdaProbeOptions): Probe => {
  const invoke = async (name: keyof Probe, payload: unknown, wait?: number): Promise<unknown> => {
    const command = new InvokeCommand({
      FunctionName: functions[name] ?? throwNotInvokable(name),
      InvocationType: wait === 0 ? 'Event' : 'RequestResponse',
      Payload: Buffer.from(JSON.stringify(payload)),
    });
    const signal = wait ? AbortSignal.timeout(wait) : undefined;
    try {
      const { Payload, FunctionError } = await client.send(command, signal ? { abortSignal: signal } : {});
      if (wait === 0 && !FunctionError) return stillRunning;
      return decodeInvocation(FunctionError, Payload);
    } catch (error) {
      // The function continues in the background.
      if (signal?.aborted) return stillRunning;
      throw error instanceof Problem
        ? error
        : new Problem('unavailable', 'The probe does not respond', { cause: error });
    }
  };
  return {
    // The answers come from functions of the same release, and their handlers have these types.
    test: async (call) => (await invoke('test', call)) as Awaited<ReturnType<Probe['test']>>,
    credentials: async (call) =>
      (await invoke('credentials', call)) as Awaited<ReturnType<Probe['credentials']>>,
    introspect: async (call, wait) => (await invoke('introspect', call, wait)) as IntrospectionAnswer,
  };
};

const stillRunning: IntrospectionAnswer = { running: true };

const throwNotInvokable = (name: string): never => {
  throw new Error(`This function may not invoke the probe's ${name}`);
};

const decodeInvocation = (failed: string | undefined, payload: Uint8Array | undefined): unknown => {
  const text = payload ? Buffer.from(payload).toString() : '';
  if (failed !== undefined || text === '') throw toEndingProblem(classifyInvocationFailure(text)); // the probe's own log has the reason
  return decodeProbeAnswer(JSON.parse(text) as ProbeAnswer); // written by our own functions
};

/**
 * Classifies how Lambda reports a function that gave no answer. A runtime that runs out of memory is killed by the system or aborts:
 * https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
 */
const classifyInvocationFailure = (failure: string): ProbeEnding => {
  const report = tryParseJson(failure);
  if (typeof report !== 'object' || report === null) return 'unknown';
  const type = 'errorType' in report ? report.errorType : undefined;
  const message = 'errorMessage' in report ? String(report.errorMessage) : '';
  if (type === 'Sandbox.Timedout' || /\bTask timed out after\b/.test(message)) return 'time';
  if (type === 'Runtime.OutOfMemory') return 'memory';
  return type === 'Runtime.ExitError' && /\bsignal: (killed|aborted)\b/.test(message) ? 'memory' : 'unknown';
};
