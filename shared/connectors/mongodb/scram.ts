import { Problem } from '../../problem.ts';

/** Returns the answer; throws for an iteration count that would take hours, because the hashing thread cannot be stopped. */
export const checkScramIterations = <Answer extends Readonly<Record<string, unknown>>>(
  answer: Answer,
): Answer => {
  for (const step of [answer, answer['speculativeAuthenticate']]) {
    const payload: unknown = Object(step)['payload'];
    if (payload !== undefined && countMongodbIterations(payload) > MAX_SCRAM_ITERATIONS) {
      throw new Problem('protocol-mismatch', 'Expected a SCRAM login with at most 1 000 000 iterations');
    }
  }
  return answer;
};

/** MongoDB's default is 15 000: https://www.mongodb.com/docs/manual/reference/parameters/#mongodb-parameter-param.scramSHA256IterationCount */
const MAX_SCRAM_ITERATIONS = 1_000_000;

/** The driver uses the last `i` attribute, up to the first character that is not a digit; this takes the highest of all. */
const countMongodbIterations = (payload: unknown): number => {
  const bytes = payload instanceof Uint8Array ? payload : Object(payload)['buffer'];
  if (!(bytes instanceof Uint8Array)) return 0;
  const all = Buffer.from(bytes).toString('latin1').split(',');
  return Math.max(
    0,
    ...all.filter((part) => part.startsWith('i=')).map((part) => Number.parseInt(part.slice(2), 10) || 0),
  );
};
