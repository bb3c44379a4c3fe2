import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseParkedLocal, parseParkedRecords } from '../shared/adapters/parked-change.ts';
import { publishChanges } from '../shared/domain/events/publish-changes.ts';
import { createLog } from '../shared/log.ts';
import type { StoreEvent } from '../shared/ports/store.ts';
import { chooseStateFolder, type LocationFlags, type ProcessEnvironment } from './api-key-location.ts';

/** Where changes are parked, and how they are published from there. */
export interface ReplayLocation extends AsyncDisposable {
  /** Where it is, as text for people. */
  readonly name: string;
  /** The names of the parked files, the oldest first. */
  list(): AsyncIterable<string>;
  /** Publishes what is in a file, and removes the file if all of it is published. Throws a sentence if not. */
  replay(file: string): Promise<void>;
}

/** Opens the same location as `openApiKeyLocation`. */
export const openReplayLocation = async (
  wanted: LocationFlags,
  environment: ProcessEnvironment,
): Promise<ReplayLocation> => {
  const folder = chooseStateFolder(wanted, environment);
  if (folder !== undefined) return openReplayFolder(folder);
  if (environment['AWS_ENDPOINT_URL'])
    throw new Error('With AWS_ENDPOINT_URL, changes are parked in the state folder: use --local without it');
  return openReplayBucket(environment);
};

const openReplayFolder = async (folder: string): Promise<ReplayLocation> => {
  if (!existsSync(join(folder, 'store.db')))
    throw new Error(
      `${folder}: expected the state folder of npm start (MOORING_STATE), which contains store.db`,
    );
  const { openFolderBacking } = await import('./local/backing.ts');
  const { store, queue, [Symbol.asyncDispose]: dispose } = await openFolderBacking(folder);
  const parked = join(folder, 'parked');
  const log = createLog({ function: 'replay' }, () => undefined);
  return {
    name: `In the folder ${parked}`,
    list: async function* () {
      if (existsSync(parked))
        yield* (await readdir(parked)).filter((file) => file.endsWith('.json')).toSorted();
    },
    replay: async (file) => {
      const change = readLocalChange(await readFile(join(parked, file), 'utf8'));
      const ports = { store, queue, bus: { put: () => Promise.resolve() }, parking: undefined, log };
      if ((await publishChanges({ ...ports, now: Date.now() }, [change])) !== undefined)
        throw createKeptError(file);
      await rm(join(parked, file));
    },
    [Symbol.asyncDispose]: dispose,
  };
};

/** Images that cannot be read are a damaged change, which stays parked. */
const readLocalChange = (text: string): StoreEvent => {
  try {
    return parseParkedLocal(text);
  } catch (damage) {
    return { id: 'unknown', damage };
  }
};

const createKeptError = (file: string) =>
  new Error(`${file}: this release cannot make an event of it, or a port refused it; it is kept`);

/** `publish` itself publishes the records: nobody else may put events on the bus. */
const openReplayBucket = async (environment: ProcessEnvironment): Promise<ReplayLocation> => {
  const { DeleteObjectCommand, GetObjectCommand, S3Client, paginateListObjectsV2 } =
    await import('@aws-sdk/client-s3');
  const { InvokeCommand, LambdaClient } = await import('@aws-sdk/client-lambda');
  const region = environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'];
  const config = region ? { region } : {};
  const s3 = new S3Client(config);
  const lambda = new LambdaClient(config);
  const name = environment['MOORING_NAME'] || 'mooring';
  const Bucket =
    environment['MOORING_PARKED_BUCKET'] || (await findParkedBucket(name, config, await s3.config.region()));
  return {
    name: `In the bucket ${Bucket}`,
    list: async function* () {
      for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket }))
        for (const { Key } of Contents) if (Key !== undefined) yield Key;
    },
    replay: async (Key) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      const Records = parseParkedRecords((await Body?.transformToString()) ?? '');
      const Payload = JSON.stringify({ Records, replay: true });
      const { FunctionError, Payload: answer } = await lambda.send(
        new InvokeCommand({ FunctionName: `${name}-publish`, Payload }),
      );
      const { batchItemFailures } = Object(JSON.parse(Buffer.from(answer ?? []).toString() || 'null')) as {
        readonly batchItemFailures?: readonly unknown[];
      };
      if (FunctionError !== undefined || batchItemFailures?.length !== 0) throw createKeptError(Key);
      await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    },
    [Symbol.asyncDispose]: async () => {
      s3.destroy();
      lambda.destroy();
    },
  };
};

const findParkedBucket = async (
  name: string,
  config: { readonly region?: string },
  region: string,
): Promise<string> => {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const { Account } = await new STSClient(config).send(new GetCallerIdentityCommand({}));
  return `${name}-parked-${Account}-${region}`;
};
