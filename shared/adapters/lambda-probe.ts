import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { Introspected, Probe } from '../ports/probe.ts';
import { Problem } from '../problem.ts';
import { type ProbeAnswer, unpacked } from './probe-answer.ts';

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
  if (failed !== undefined || !payload) {
    // A time-out or a crash; its reason is in the probe's own log.
    throw new Problem('unavailable', 'The probe ended without an answer');
  }
  return unpacked(JSON.parse(Buffer.from(payload).toString()) as ProbeAnswer); // of our own functions
};
