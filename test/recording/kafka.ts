import { framesOf, int16, int32 } from './frames.ts';
import { fromTheFirstByte, type Line, type Protocol } from './recorder.ts';
import { startScram } from './scram.ts';

/**
 * A broker that verifies the account if it knows the secret, and announces another broker:
 * https://kafka.apache.org/protocol
 */
export const kafka: Protocol = fromTheFirstByte(async (line) => {
  const frames = framesOf(line.socket);
  const state: State = { mechanism: 'PLAIN', scram: undefined };
  for (;;) {
    const request = await frames.bytes((await frames.bytes(4)).readInt32BE(0));
    line.heard.texts.push(request.toString('latin1'));
    const answer = answerTo(line, request, state);
    if (!answer) break;
    line.socket.write(Buffer.concat([int32(answer.length + 4), request.subarray(4, 8), answer]));
  }
  line.socket.destroy();
});

interface State {
  mechanism: string;
  scram: ReturnType<typeof startScram> | undefined;
}

const answerTo = (line: Line, request: Buffer, state: State): Buffer | undefined => {
  const body = request.subarray(10 + Math.max(0, request.readInt16BE(8)));
  switch (request.readInt16BE(0)) {
    case 18:
      return versions;
    case 17:
      state.mechanism = body.toString('latin1', 2);
      return Buffer.concat([int16(0), int32(1), text(state.mechanism)]);
    case 36: {
      const said = body.toString('utf8', 4);
      const answer = state.mechanism === 'PLAIN' ? '' : scramAnswer(line, said, state);
      if (answer === undefined) return undefined;
      return Buffer.concat([int16(0), int16(-1), int32(answer.length), Buffer.from(answer)]);
    }
    case 3:
      return metadata(line);
    default:
      return undefined;
  }
};

const scramAnswer = (line: Line, said: string, state: State): string | undefined => {
  if (!state.scram) {
    state.scram = startScram(state.mechanism.endsWith('512') ? 'sha512' : 'sha256', said);
    return state.scram.serverFirst;
  }
  const password = line.prove(state.scram.proofIn(said));
  return password === undefined ? undefined : state.scram.serverFinal(said, password);
};

const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)]);

/** The newest supported version of each API. */
const versions = Buffer.concat([
  int16(0),
  int32(4),
  ...[
    [3, 8],
    [17, 1],
    [18, 0],
    [36, 0],
  ].map(([key = 0, newest = 0]) => Buffer.concat([int16(key), int16(0), int16(newest)])),
]);

/** Metadata in version 8, with its brokers and no topic. */
const metadata = (line: Line): Buffer => {
  const { announces } = line.behaviour;
  const port = announces ?? line.heard.port;
  if (announces !== undefined) line.announce(announces);
  const broker = Buffer.concat([int32(1), text('localhost'), int32(port), int16(-1)]);
  return Buffer.concat([int32(0), int32(1), broker, int16(-1), int32(1), int32(0), int32(0)]);
};
