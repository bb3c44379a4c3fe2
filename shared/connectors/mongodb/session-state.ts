import type { SessionSetting } from '../session-setting.ts';
import { findMongodbErrorCode } from './failures.ts';
import type { MongodbDocument } from './document.ts';

/**
 * Settings that the reads depend on and that a cluster (`setDefaultRWConcern`, cluster parameters) or server may override. MongoDB has no
 * session settings, so each command carries them. Each command also carries its time limit. The driver sends `$readPreference:
 * primaryPreferred` to members of a replica set, because a secondary answers nothing without it.
 */
export const mongodbSessionSettings: readonly (SessionSetting<MongodbDocument> & {
  readonly on: readonly string[];
})[] = [
  {
    name: 'readConcern',
    value: { level: 'local' },
    why: 'a default of majority or linearizable waits for members that are down, although a read needs only one member',
    on: ['find', 'aggregate', 'count'], // https://www.mongodb.com/docs/manual/reference/command/setDefaultRWConcern/
  },
];

/** Adds the settings to a command that they apply to. */
export const applyMongodbSettings = (command: MongodbDocument): MongodbDocument => {
  const [name = ''] = Object.keys(command);
  const settings = mongodbSessionSettings.filter(({ on }) => on.includes(name));
  return settings.length === 0
    ? command
    : { ...command, ...Object.fromEntries(settings.map(({ name: key, value }) => [key, value])) };
};

/**
 * Sent only to servers that require an API version (`requireApiVersion`): servers before 5.0 and some compatible servers do not know the
 * field. https://www.mongodb.com/docs/manual/reference/stable-api/
 */
export const stableApi = { version: '1', strict: false, deprecationErrors: false } as const;

/** The code of "API version is required": https://github.com/mongodb/mongo/blob/master/src/mongo/db/initialize_api_parameters.cpp */
export const isApiVersionRequired = (error: unknown): boolean => findMongodbErrorCode(error) === 498870;
