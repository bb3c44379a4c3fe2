import { parseArgs } from 'node:util';
import { describeFailure } from './describe-failure.ts';
import { openReplayLocation } from './replay-location.ts';

const replayHelp = `npm run replay

Publishes the parked changes: those that could not become events, and those that were given up after 12 hours. What is
published is removed; what still cannot become an event is kept. Events have the ids that they would have had.

The command uses the state folder (MOORING_STATE) if npm start runs on it, otherwise AWS if the environment configures
it (AWS_PROFILE, or AWS_REGION and keys), otherwise the state folder. --local and --aws override this. On AWS,
MOORING_NAME is the name of the deployment (mooring), and MOORING_PARKED_BUCKET the bucket if it has another name (the
output ParkedBucket).
`;

const replayOptions = {
  local: { type: 'boolean' },
  aws: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `npm run replay`: publishes parked changes, locally or on AWS. */
const runReplayCommand = async (): Promise<void> => {
  try {
    const { values } = parseArgs({ options: replayOptions });
    if (values.help) return writeReplayMessage(replayHelp);
    await using location = await openReplayLocation(values, process.env);
    let [published, kept] = [0, 0];
    for await (const file of location.list()) {
      try {
        await location.replay(file);
        published += 1;
        process.stdout.write(`${file}: published\n`);
      } catch (error) {
        kept += 1;
        writeReplayMessage(`${describeFailure(error)}\n`);
      }
    }
    writeReplayMessage(`${location.name}: ${published} published, ${kept} kept\n`);
    if (kept > 0) process.exitCode = 1;
  } catch (error) {
    writeReplayMessage(`${describeFailure(error)}\n`);
    process.exitCode = 1;
  }
};

const writeReplayMessage = (text: string): void => void process.stderr.write(text);

await runReplayCommand();
