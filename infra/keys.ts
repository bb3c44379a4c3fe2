import { parseArgs } from 'node:util';
import * as v from 'valibot';
import {
  type ApiKey,
  createApiKey,
  listApiKeys,
  newSecret,
  revokeApiKey,
} from '../shared/domain/api-keys.ts';
import { Segment, scopes as allScopes } from '../shared/http/caller.ts';
import { describeFailure } from './describe-failure.ts';
import { type KeyPlace, keyPlace } from './key-place.ts';

/** `npm run keys`: creates, lists and revokes API keys, locally or on AWS. */
const main = async (): Promise<void> => {
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (values.help) return say(help);
    const command = commandOf(positionals, values);
    await using place = await keyPlace(values, process.env);
    await command(place);
    say(`${place.name}\n`);
  } catch (error) {
    say(`${describeFailure(error)}\n`);
    process.exitCode = 1;
  }
};

const help = `npm run keys -- create --org ORG [--environments a,b] [--scopes ${allScopes.join(',')}] [--name NAME]
npm run keys -- list [--org ORG]
npm run keys -- revoke ID

create prints the key on standard output, this once: only a hash of it is stored. Without --environments or
--scopes a key has all. Who revokes a key waits a minute: so long it may be remembered.

Where: a server of npm start that runs on this state folder (MOORING_STATE), else AWS where the environment names
it (AWS_ENDPOINT_URL, AWS_PROFILE, or AWS_REGION and keys), else the state folder. --local and --aws decide;
MOORING_TABLE names the table on AWS (mooring).
`;

const options = {
  org: { type: 'string' },
  environments: { type: 'string' },
  scopes: { type: 'string' },
  name: { type: 'string' },
  local: { type: 'boolean' },
  aws: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

interface Values {
  readonly org?: string;
  readonly environments?: string;
  readonly scopes?: string;
  readonly name?: string;
}

type Command = (place: KeyPlace) => Promise<void>;

/** Validates all arguments before anything is opened. */
const commandOf = ([name, ...rest]: readonly string[], values: Values): Command => {
  const command = Object.hasOwn(commands, name ?? '') ? commands[name as keyof typeof commands] : undefined; // just checked
  if (!command) throw new Error(`Expected create, list or revoke.\n\n${help}`);
  return command(rest, values);
};

const commands = {
  create: (rest: readonly string[], values: Values): Command => {
    if (rest.length > 0) throw new Error('create takes options alone; see --help');
    const org = segment('--org', values.org);
    const environments = listed(values.environments)?.map((each) => segment('--environments', each));
    const scopes = listed(values.scopes)?.map((each) => scope(each));
    const name =
      values.name === undefined ? undefined : checked('--name', Name, values.name, 'up to 200 characters');
    return async ({ store }) => {
      const secret = newSecret();
      const wanted = {
        org,
        ...(environments && { environments }),
        ...(scopes && { scopes }),
        ...(name && { name }),
      };
      const key = await createApiKey(store, wanted, { secret, now: Date.now() });
      say(`Created ${line(key)}\n`);
      process.stdout.write(`${secret}\n`);
    };
  },

  list: (rest: readonly string[], values: Values): Command => {
    if (rest.length > 0) throw new Error('list takes options alone; see --help');
    const org = values.org === undefined ? undefined : segment('--org', values.org);
    return async ({ store }) => {
      for (const key of await listApiKeys(store, org)) process.stdout.write(`${line(key)}\n`);
    };
  },

  revoke: ([id, ...rest]: readonly string[]): Command => {
    if (id === undefined || rest.length > 0) throw new Error('revoke takes one id, as list shows it');
    checked('The id', Id, id, 'key_…, as list shows it, and not the key itself');
    return async ({ store }) => {
      if (!(await revokeApiKey(store, id))) throw new Error('There is no key of this id here');
      say('Revoked; those who have just seen it may remember it for a minute.\n');
    };
  },
} as const;

const Name = v.pipe(v.string(), v.maxLength(200), v.regex(/^[^\p{Cc}]*$/u));
const Id = v.pipe(v.string(), v.regex(/^key_[\w-]{1,100}$/));

const listed = (text: string | undefined) => text?.split(',').map((each) => each.trim());

const segment = (option: string, text: string | undefined) =>
  checked(option, v.pipe(v.string(), v.regex(Segment)), text, 'up to 64 letters, digits, _ . or -');

const scope = (text: string) =>
  checked('--scopes', v.picklist(allScopes), text, `some of ${allScopes.join(', ')}`);

const checked = <S extends v.GenericSchema>(what: string, schema: S, text: unknown, expected: string) => {
  const result = v.safeParse(schema, text);
  if (!result.success) throw new Error(`${what}: expected ${expected}`);
  return result.output;
};

const line = ({ id, org, environments, scopes, name, created_at: at }: ApiKey) =>
  [
    id,
    org,
    `environments=${environments?.join(',') ?? 'all'}`,
    `scopes=${scopes?.join(',') ?? 'all'}`,
    at,
    ...(name === undefined ? [] : [JSON.stringify(name)]),
  ].join('  ');

const say = (text: string): void => void process.stderr.write(text);

await main();
