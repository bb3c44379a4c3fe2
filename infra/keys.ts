import { parseArgs } from 'node:util';
import * as v from 'valibot';
import {
  type ApiKey,
  createApiKey,
  listApiKeys,
  createApiKeySecret,
  revokeApiKey,
} from '../shared/domain/access/api-keys.ts';
import {
  defaultKeyScopes,
  tenantSegmentPattern,
  apiScopes as allScopes,
} from '../shared/http/authenticate.ts';
import { describeFailure } from './describe-failure.ts';
import { type ApiKeyLocation, openApiKeyLocation } from './api-key-location.ts';

/** `npm run keys`: creates, lists and revokes API keys, locally or on AWS. */
const runKeysCommand = async (): Promise<void> => {
  try {
    const { values, positionals } = parseArgs({ options: keysOptions, allowPositionals: true });
    if (values.help) return writeKeysMessage(keysHelp);
    const command = parseKeysCommand(positionals, values);
    await using location = await openApiKeyLocation(values, process.env);
    await command(location);
    writeKeysMessage(`${location.name}\n`);
  } catch (error) {
    writeKeysMessage(`${describeFailure(error)}\n`);
    process.exitCode = 1;
  }
};

const keysHelp = `npm run keys -- create --org ORG [--environments a,b] [--scopes ${allScopes.join(',')}] [--name NAME]
npm run keys -- list [--org ORG]
npm run keys -- revoke ID

create prints the key on standard output, only once: Mooring stores a hash of it. Without --environments a key
has all of them; without --scopes it has the three of connections, but not webhooks:write. A revoked key may work for up
to a minute, because functions remember keys for that long.

The commands use the state folder (MOORING_STATE) if npm start runs on it, otherwise AWS if the environment configures
it (AWS_ENDPOINT_URL, AWS_PROFILE, or AWS_REGION and keys), otherwise the state folder. --local and --aws override
this. MOORING_TABLE is the name of the table on AWS (mooring).
`;

const keysOptions = {
  org: { type: 'string' },
  environments: { type: 'string' },
  scopes: { type: 'string' },
  name: { type: 'string' },
  local: { type: 'boolean' },
  aws: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

interface KeysOptionValues {
  readonly org?: string;
  readonly environments?: string;
  readonly scopes?: string;
  readonly name?: string;
}

type KeysCommand = (location: ApiKeyLocation) => Promise<void>;

/** Validates all arguments before anything is opened. */
const parseKeysCommand = ([name, ...rest]: readonly string[], values: KeysOptionValues): KeysCommand => {
  const command = Object.hasOwn(keysCommands, name ?? '')
    ? keysCommands[name as keyof typeof keysCommands]
    : undefined; // just checked
  if (!command) throw new Error(`Expected create, list or revoke.\n\n${keysHelp}`);
  return command(rest, values);
};

const keysCommands = {
  create: (rest: readonly string[], values: KeysOptionValues): KeysCommand => {
    if (rest.length > 0) throw new Error('create takes only options: see --help');
    const org = parseSegmentOption('--org', values.org);
    const environments = splitList(values.environments)?.map((each) =>
      parseSegmentOption('--environments', each),
    );
    const scopes = splitList(values.scopes)?.map((each) => parseScopeOption(each));
    const name =
      values.name === undefined
        ? undefined
        : parseOption('--name', ApiKeyName, values.name, 'up to 200 characters');
    return async ({ store }) => {
      const secret = createApiKeySecret();
      const wanted = {
        org,
        ...(environments && { environments }),
        ...(scopes && { scopes }),
        ...(name && { name }),
      };
      const key = await createApiKey(store, wanted, { secret, now: Date.now() });
      writeKeysMessage(`Created ${renderApiKey(key)}\n`);
      process.stdout.write(`${secret}\n`);
    };
  },

  list: (rest: readonly string[], values: KeysOptionValues): KeysCommand => {
    if (rest.length > 0) throw new Error('list takes only options: see --help');
    const org = values.org === undefined ? undefined : parseSegmentOption('--org', values.org);
    return async ({ store }) => {
      for (const key of await listApiKeys(store, org)) process.stdout.write(`${renderApiKey(key)}\n`);
    };
  },

  revoke: ([id, ...rest]: readonly string[]): KeysCommand => {
    if (id === undefined || rest.length > 0) throw new Error('revoke takes one id, as list shows it');
    parseOption('The id', ApiKeyId, id, 'key_…, as list shows it, and not the key itself');
    return async ({ store }) => {
      if (!(await revokeApiKey(store, id)))
        throw new Error('Expected the id of an existing key, as list shows it');
      writeKeysMessage('Revoked. The key may work for up to a minute.\n');
    };
  },
} as const;

const ApiKeyName = v.pipe(v.string(), v.maxLength(200), v.regex(/^[^\p{Cc}]*$/u));
const ApiKeyId = v.pipe(v.string(), v.regex(/^key_[\w-]{1,100}$/));

const splitList = (text: string | undefined) => text?.split(',').map((each) => each.trim());

const parseSegmentOption = (option: string, text: string | undefined) =>
  parseOption(
    option,
    v.pipe(v.string(), v.regex(tenantSegmentPattern)),
    text,
    'up to 64 letters, digits, _ . or -',
  );

const parseScopeOption = (text: string) =>
  parseOption('--scopes', v.picklist(allScopes), text, `some of ${allScopes.join(', ')}`);

const parseOption = <S extends v.GenericSchema>(what: string, schema: S, text: unknown, expected: string) => {
  const result = v.safeParse(schema, text);
  if (!result.success) throw new Error(`${what}: expected ${expected}`);
  return result.output;
};

const renderApiKey = ({ id, org, environments, scopes, name, created_at: at }: ApiKey) =>
  [
    id,
    org,
    `environments=${environments?.join(',') ?? 'all'}`,
    `scopes=${(scopes ?? defaultKeyScopes).join(',')}`,
    at,
    ...(name === undefined ? [] : [JSON.stringify(name)]),
  ].join('  ');

const writeKeysMessage = (text: string): void => void process.stderr.write(text);

await runKeysCommand();
