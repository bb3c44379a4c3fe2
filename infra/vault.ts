import { parseArgs } from 'node:util';
import { keys } from '../shared/domain/keys.ts';
import { renewMark } from '../shared/domain/store-mark.ts';
import { findUnnamed, quarantineDays } from '../shared/domain/sweep.ts';
import { createLog } from '../shared/log.ts';
import { describeFailure } from './describe-failure.ts';
import { type VaultPlace, vaultPlace } from './vault-place.ts';

/** `npm run vault`: lists removed secrets and restores them, locally or on AWS. */
const main = async (): Promise<void> => {
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (values.help) return say(help);
    const command = readCommand(positionals);
    await using place = await vaultPlace(values, process.env);
    await command(place);
    say(`${place.name}\n`);
  } catch (error) {
    say(`${describeFailure(error)}\n`);
    process.exitCode = 1;
  }
};

const help = `npm run vault -- list-removed
npm run vault -- restore NAME…
npm run vault -- list-unnamed
npm run vault -- quarantine NAME…
npm run vault -- accept

list-removed shows the secrets that can still be brought back: those of deleted connections and those that the
sweeper quarantined. restore brings them back; restore a deleted connection with POST …/restore instead. list-unnamed
shows the secrets that no connection in the store names; quarantine removes such secrets for ${quarantineDays} days, in which
restore brings them back. accept says that this store is the right one for this vault, for the sweeper, which stops when
the store was put back or replaced. Put a lost store back before anything else. All of it works beside a running server.

Where: a server of npm start that runs on this state folder (MOORING_STATE), else AWS where the environment names
it (AWS_ENDPOINT_URL, AWS_PROFILE, or AWS_REGION and keys), else the state folder. --local and --aws decide;
MOORING_NAME names the deployment on AWS (mooring), MOORING_TABLE another table than its own, and MOORING_MAC_KEY the
key that accept writes to (the output MacKeyArn).
`;

const options = {
  local: { type: 'boolean' },
  aws: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Command = (place: VaultPlace) => Promise<void>;

const readCommand = ([name = '', ...names]: readonly string[]): Command => {
  const command = Object.hasOwn(commands, name) ? commands[name as keyof typeof commands] : undefined; // just checked
  if (!command) throw new Error(`Expected ${Object.keys(commands).join(', ')}.\n\n${help}`);
  return command(names);
};

const commands = {
  'list-removed': (names: readonly string[]): Command => {
    refuseNames('list-removed', names);
    return async ({ store, vault }) => {
      for await (const { name, owner, ends_at: ends } of vault.listRemoved(reportUnreadable)) {
        const deleted = await store.get(keys.deleted(owner, owner.id));
        print(name, deleted ? 'of a deleted connection' : 'of no connection', `ends ${toTime(ends)}`);
      }
    };
  },

  restore: (names: readonly string[]): Command => {
    requireNames('restore', names);
    return async ({ vault }) => {
      const removed = new Set((await Array.fromAsync(vault.listRemoved())).map(({ name }) => name));
      for (const name of names)
        if (!removed.has(name))
          throw new Error(`There is no removed secret ${name}; list-removed shows them all`);
      for (const name of names) {
        await vault.restore({ name });
        print(name, 'restored');
      }
    };
  },

  'list-unnamed': (names: readonly string[]): Command => {
    refuseNames('list-unnamed', names);
    return async (place) => {
      const { unnamed } = await findUnnamed(withLog(place));
      for (const { name, created_at: at } of unnamed) print(name, `created ${toTime(at)}`);
    };
  },

  quarantine: (names: readonly string[]): Command => {
    requireNames('quarantine', names);
    return async (place) => {
      const found = await findUnnamed(withLog(place));
      const unnamed = new Set(found.unnamed.map(({ name }) => name));
      for (const name of names)
        if (!unnamed.has(name))
          throw new Error(
            `No such secret is without a connection: ${name}; list-unnamed shows those that are`,
          );
      for (const name of names) {
        await place.vault.remove({ name }, quarantineDays);
        print(name, `quarantined for ${quarantineDays} days`);
      }
    };
  },

  accept: (names: readonly string[]): Command => {
    refuseNames('accept', names);
    return async ({ store, vault, markPlace }) => {
      if (markPlace === '')
        throw new Error(
          'accept writes to a key: expected its ARN in MOORING_MAC_KEY, the output MacKeyArn of the deployment',
        );
      await renewMark({ store, vault });
      say('The store and the vault belong together from now on; the next sweep goes by it.\n');
    };
  },
} as const;

const refuseNames = (command: string, names: readonly string[]): void => {
  if (names.length > 0) throw new Error(`${command} takes no names; see --help`);
};

const requireNames = (command: string, names: readonly string[]): void => {
  if (names.length === 0) throw new Error(`${command} takes names of secrets, as the lists show them`);
};

const withLog = ({ store, vault }: VaultPlace) => ({
  store,
  vault,
  clock: Date.now,
  log: createLog({}, (line) => say(`${line}\n`)),
});

const reportUnreadable = (name: string): void => say(`${name} cannot be read\n`);

const toTime = (milliseconds: number): string => new Date(milliseconds).toISOString();

const print = (...parts: readonly string[]): void => void process.stdout.write(`${parts.join('  ')}\n`);

const say = (text: string): void => void process.stderr.write(text);

await main();
