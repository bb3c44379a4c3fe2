import { Problem } from '../../problem.ts';

/** Passes on what a server says at login, unless it asks for a password to be spun for hours: nothing could stop the thread that does. */
export const judgeScram = <Answer extends Readonly<Record<string, unknown>>>(answer: Answer): Answer => {
  for (const step of [answer, answer['speculativeAuthenticate']]) {
    const payload: unknown = Object(step)['payload'];
    if (payload !== undefined && iterationsIn(payload) > mostIterations) {
      throw new Problem('protocol-mismatch', 'Expected a login of at most a million iterations');
    }
  }
  return answer;
};

/** MongoDB's default is 15 000: https://www.mongodb.com/docs/manual/reference/parameters/#mongodb-parameter-param.scramSHA256IterationCount */
const mostIterations = 1_000_000;

/** Reads as the driver does: whatever stands last as `i`, up to what is no digit. */
const iterationsIn = (payload: unknown): number => {
  const bytes = payload instanceof Uint8Array ? payload : Object(payload)['buffer'];
  if (!(bytes instanceof Uint8Array)) return 0;
  const all = Buffer.from(bytes).toString('latin1').split(',');
  return Math.max(
    0,
    ...all.filter((part) => part.startsWith('i=')).map((part) => Number.parseInt(part.slice(2), 10) || 0),
  );
};
