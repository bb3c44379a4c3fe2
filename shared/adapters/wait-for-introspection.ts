import type { Log } from '../log.ts';
import type { IntrospectionAnswer, ProbeCall } from '../ports/probe.ts';

/** Waits up to `wait` ms. A longer introspection continues in the background, and its failure is logged. */
export const waitForIntrospection = async (
  work: Promise<IntrospectionAnswer>,
  wait: number,
  { log }: { readonly log: Log },
  { request_id }: Pick<ProbeCall, 'request_id'>,
): Promise<IntrospectionAnswer> => {
  if (!Number.isFinite(wait)) return work;
  const continueInBackground = (): IntrospectionAnswer => {
    work.catch((error: unknown) => log.error('introspection failed', error, { request_id }));
    return { running: true };
  };
  if (wait <= 0) return continueInBackground();
  const late = Promise.withResolvers<IntrospectionAnswer>();
  const timer = setTimeout(() => late.resolve(continueInBackground()), wait);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};
