import { setTimeout as wait } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed JSON, if any. Each check knows what it expects. */
  readonly body: Readonly<Record<string, unknown>>;
}

interface Sent {
  readonly body?: object;
  /** Sent unchanged instead of `body`. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Call = (method: string, path: string, sent?: Sent) => Promise<Answer>;

/** Calls the API of a deployment, with a key or without. */
export const caller =
  (base: string, key?: string): Call =>
  async (method, path, { body, text: raw, headers } = {}) => {
    const sent = raw ?? (body && JSON.stringify(body));
    const answer = await fetch(`${base}${path}`, {
      method,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(sent !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(sent !== undefined && { body: sent }),
    });
    const text = await answer.text();
    const json = /json/.test(answer.headers.get('content-type') ?? '') && text !== '';
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: json ? (JSON.parse(text) as Answer['body']) : {},
    };
  };

/** Repeats the request until the answer is as wanted, for at most 30 seconds, and returns the last answer. */
export const until = async (
  ask: () => Promise<Answer>,
  wanted: (answer: Answer) => boolean,
): Promise<Answer> => {
  const end = Date.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (wanted(answer) || Date.now() > end) return answer;
    await wait(200);
  }
};
