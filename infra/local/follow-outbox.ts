import type { StoreEvent } from '../../shared/ports/store.ts';

/** The changes that the store keeps until they are acknowledged. */
export interface Outbox {
  events(after: string | undefined, limit: number): StoreEvent[];
  ack(id: string): void;
  onEvents(wake: () => void): () => void;
}

interface FollowOutboxOptions {
  readonly outbox: Outbox;
  /** Publishes changes in their order. Returns the index of the first one that was not published. */
  readonly publish: (changes: readonly StoreEvent[]) => Promise<number | undefined>;
  /** Called with every change, once it is published. */
  readonly onChange?: (change: StoreEvent) => void;
  /** Called with every error. The loop continues. */
  readonly failed: (error: unknown) => void;
  /** The default is the event loop and its timers. */
  readonly schedule?: ScheduleWork;
}

/** Runs the work in a later turn of the event loop, at the earliest after `delayMs`. */
export type ScheduleWork = (work: () => void, delayMs: number) => void;

export const scheduleOnEventLoop: ScheduleWork = (work, delayMs) => {
  if (delayMs === 0) setImmediate(work);
  else setTimeout(work, delayMs).unref();
};

/**
 * Does the work of the stream: publishes changes in their order, a few at a time, and acknowledges what is published. What a port refuses
 * is published again a second later; what a kill interrupts, at the next start.
 */
export const followOutbox = ({
  outbox,
  publish,
  onChange = () => undefined,
  failed,
  schedule = scheduleOnEventLoop,
}: FollowOutboxOptions): Disposable => {
  let stopped = false;
  let isRunning = false;

  /** Returns the delay until the next batch; `undefined` if there are no more changes. */
  const publishBatch = async (): Promise<number | undefined> => {
    const changes = outbox.events(undefined, MAX_OUTBOX_BATCH);
    if (changes.length === 0) return undefined;
    const refused = await publish(changes);
    if (stopped) return undefined;
    const done = changes.slice(0, refused);
    const last = done.at(-1);
    if (last) outbox.ack(last.id);
    for (const change of done) reportChange(change);
    return refused === undefined ? 0 : RETRY_DELAY_MS;
  };

  const reportChange = (change: StoreEvent) => {
    try {
      onChange(change);
    } catch (error) {
      failed(error);
    }
  };

  const work = () => {
    if (stopped || isRunning) return;
    isRunning = true;
    publishBatch()
      .catch((error: unknown) => {
        failed(error);
        return RETRY_DELAY_MS;
      })
      .then((delay) => {
        isRunning = false;
        if (delay !== undefined) schedule(work, delay);
      })
      .catch(failed);
  };

  const unsubscribe = outbox.onEvents(() => schedule(work, 0));
  work();
  return {
    [Symbol.dispose]: () => {
      stopped = true;
      unsubscribe();
    },
  };
};

const MAX_OUTBOX_BATCH = 50;

const RETRY_DELAY_MS = 1000;
