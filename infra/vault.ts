import { parseArgs } from 'node:util';
import { tableKeys } from '../shared/domain/table-keys.ts';
import { renewMark } from '../shared/domain/credentials/store-mark.ts';
import { findUnnamedSecrets, QUARANTINE_DAYS } from '../shared/domain/credentials/sweep-secrets.ts';
import { createLog } from '../shared/log.ts';
import { describeFailure } from './describe-failure.ts';
import { type VaultLocation, openVaultLocation } from './vault-location.ts';

/** `npm run vault`: lists removed secrets and restores them, locally or on AWS. */
const runVaultCommand = async (): Promise<void> => {
  try {
    const { values, positionals } = parseArgs({ options: vaultOptions, allowPositionals: true });
    if (values.help) return writeVaultMessage(vaultHelp);
    const command = parseVaultCommand(positionals);
    await using location = await openVaultLocation(values, process.env);
    await command(location);
    writeVaultMessage(`${location.name}\n`);
  } catch (error) {
    writeVaultMessage(`${describeFailure(error)}\n`);
    process.exitCode = 1;
  }
};

const vaultHelp = `npm run vault -- list-removed
npm run vault -- restore NAME…
npm run vault -- list-unnamed
npm run vault -- quarantine NAME…
npm run vault -- accept

list-removed lists the removed secrets that can still be restored: those of deleted connections, and those that the
sweeper quarantined. restore restores them; for a deleted connection use POST …/restore instead. list-unnamed lists
the secrets that no connection in the store names; quarantine removes such secrets, and restore can restore them for
${QUARANTINE_DAYS} days. accept confirms that this store belongs to this vault: after a store was restored or replaced, the sweeper
removes nothing until then. Restore a lost store before anything else. All commands work beside a running server.

The commands use the state folder (MOORING_STATE) if npm start runs on it, otherwise AWS if the environment configures
it (AWS_ENDPOINT_URL, AWS_PROFILE, or AWS_REGION and keys), otherwise the state folder. --local and --aws override
this. On AWS, MOORING_NAME is the name of the deployment (mooring), MOORING_TABLE its table if it has another name,
and MOORING_MAC_KEY the key that accept writes to (the output MacKeyArn).
`;

const vaultOptions = {
  local: { type: 'boolean' },
  aws: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type VaultCommand = (location: VaultLocation) => Promise<void>;

const parseVaultCommand = ([name = '', ...names]: readonly string[]): VaultCommand => {
  const command = Object.hasOwn(vaultCommands, name)
    ? vaultCommands[name as keyof typeof vaultCommands]
    : undefined; // just checked
  if (!command) throw new Error(`Expected ${Object.keys(vaultCommands).join(', ')}.\n\n${vaultHelp}`);
  return command(names);
};

const vaultCommands = {
  'list-removed': (names: readonly string[]): VaultCommand => {
    checkNoNames('list-removed', names);
    return async ({ store, vault }) => {
      for await (const { name, owner, ends_at: ends } of vault.listRemoved(reportUnreadable)) {
        const deleted = await store.get(tableKeys.deleted(owner, owner.id));
        printColumns(
          name,
          deleted ? 'of a deleted connection' : 'of no connection',
          `ends ${toIsoTime(ends)}`,
        );
      }
    };
  },

  restore: (names: readonly string[]): VaultCommand => {
    checkNames('restore', names);
    return async ({ vault }) => {
      const removed = new Set((await Array.fromAsync(vault.listRemoved())).map(({ name }) => name));
      for (const name of names)
        if (!removed.has(name))
          throw new Error(`${name}: expected a removed secret, as list-removed shows it`);
      for (const name of names) {
        await vault.restore({ name });
        printColumns(name, 'restored');
      }
    };
  },

  'list-unnamed': (names: readonly string[]): VaultCommand => {
    checkNoNames('list-unnamed', names);
    return async (location) => {
      const { unnamed } = await findUnnamedSecrets(toSweepPorts(location));
      for (const { name, created_at: at } of unnamed) printColumns(name, `created ${toIsoTime(at)}`);
    };
  },

  quarantine: (names: readonly string[]): VaultCommand => {
    checkNames('quarantine', names);
    return async (location) => {
      const found = await findUnnamedSecrets(toSweepPorts(location));
      const unnamed = new Set(found.unnamed.map(({ name }) => name));
      for (const name of names)
        if (!unnamed.has(name))
          throw new Error(`${name}: expected a secret that no connection names, as list-unnamed shows it`);
      for (const name of names) {
        await location.vault.remove({ name }, QUARANTINE_DAYS);
        printColumns(name, `quarantined for ${QUARANTINE_DAYS} days`);
      }
    };
  },

  accept: (names: readonly string[]): VaultCommand => {
    checkNoNames('accept', names);
    return async ({ store, vault, markPlace }) => {
      if (markPlace === '')
        throw new Error(
          'accept writes to a key: expected its ARN in MOORING_MAC_KEY, the output MacKeyArn of the deployment',
        );
      await renewMark({ store, vault });
      writeVaultMessage(
        'Confirmed: this store and this vault belong together. The next sweep can remove secrets again.\n',
      );
    };
  },
} as const;

const checkNoNames = (command: string, names: readonly string[]): void => {
  if (names.length > 0) throw new Error(`${command} takes no names; see --help`);
};

const checkNames = (command: string, names: readonly string[]): void => {
  if (names.length === 0) throw new Error(`${command} takes names of secrets, as the lists show them`);
};

const toSweepPorts = ({ store, vault }: VaultLocation) => ({
  store,
  vault,
  clock: Date.now,
  log: createLog({}, (line) => writeVaultMessage(`${line}\n`)),
});

const reportUnreadable = (name: string): void => writeVaultMessage(`${name} cannot be read\n`);

const toIsoTime = (milliseconds: number): string => new Date(milliseconds).toISOString();

const printColumns = (...parts: readonly string[]): void =>
  void process.stdout.write(`${parts.join('  ')}\n`);

const writeVaultMessage = (text: string): void => void process.stderr.write(text);

await runVaultCommand();
