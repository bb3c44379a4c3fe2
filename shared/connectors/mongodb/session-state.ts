import type { Setting } from '../setting.ts';
import { serverCode } from './failures.ts';
import type { Document } from './link.ts';

/**
 * Everything that a cluster (`setDefaultRWConcern`, cluster parameters) or a server may set otherwise and that our reading depends on. MongoDB
 * has no sessions of that kind: it goes with each command. The limit of time does so, too, where commands are built; the driver says
 * `$readPreference: primaryPreferred` to members of a set, since without it a secondary answers nothing.
 */
export const commandSettings: readonly (Setting<Document> & { readonly on: readonly string[] })[] = [
  {
    name: 'readConcern',
    value: { level: 'local' },
    why: 'a default of majority or linearizable waits for members that are down, which tell nothing of what is asked',
    on: ['find', 'aggregate', 'count'], // https://www.mongodb.com/docs/manual/reference/command/setDefaultRWConcern/
  },
];

/** The command with what it depends on. */
export const settled = (command: Document): Document => {
  const [name = ''] = Object.keys(command);
  const settings = commandSettings.filter(({ on }) => on.includes(name));
  return settings.length === 0
    ? command
    : { ...command, ...Object.fromEntries(settings.map(({ name: key, value }) => [key, value])) };
};

/**
 * For servers that refuse whoever names no version of the API (`requireApiVersion`), and for no other: those before 5.0 and some that are no
 * MongoDB do not know the word. https://www.mongodb.com/docs/manual/reference/stable-api/
 */
export const stableApi = { version: '1', strict: false, deprecationErrors: false } as const;

/** APIVersion is required: https://github.com/mongodb/mongo/blob/master/src/mongo/db/initialize_api_parameters.cpp */
export const wantsVersion = (error: unknown): boolean => serverCode(error) === 498870;
