import * as v from 'valibot';
import { EgressPolicy } from '../../shared/network/egress.ts';
import { apiNames, Settings } from '../../shared/settings.ts';
import { stateFolder } from './state.ts';

export interface LocalSettings {
  readonly port: number;
  /** If `undefined`, the server creates a key. */
  readonly apiKey: string | undefined;
  readonly folder: string;
  readonly demo: boolean;
  /** Whether secrets that no connection names are quarantined. */
  readonly sweep: boolean;
  readonly policy: EgressPolicy;
  /** How callers are authenticated by token, and quotas. */
  readonly settings: Settings;
  /** The environment for the AWS clients, if an AWS endpoint is configured. */
  readonly aws: Environment | undefined;
}

/** Reads the settings from the environment. Throws a sentence with the name of the variable and the expected value. */
export const settingsFrom = (environment: Environment): LocalSettings => {
  const given = (name: string) => environment[name] || undefined;
  const egress = parsed('MOORING_EGRESS', Policy, given('MOORING_EGRESS') ?? '{"loopback":true}');
  const endpoints = parsed('MOORING_ENDPOINTS', v.optional(Endpoints), given('MOORING_ENDPOINTS'));
  return {
    port: parsed('PORT', Port, given('PORT') ?? '8787'),
    apiKey: parsed('MOORING_API_KEY', v.optional(ApiKey), given('MOORING_API_KEY')),
    folder: stateFolder(given('MOORING_STATE')),
    demo: parsed('MOORING_DEMO', v.picklist(['on', 'off']), given('MOORING_DEMO') ?? 'on') === 'on',
    sweep: parsed('MOORING_SWEEP', v.picklist(['on', 'off']), given('MOORING_SWEEP') ?? 'on') === 'on',
    policy: {
      ...egress,
      ...(endpoints && { endpoints }),
    },
    settings: {
      ...parsed('MOORING_SETTINGS', SettingsText, given('MOORING_SETTINGS') ?? '{}'),
      // An empty value is not the same as a missing one: it selects no API.
      apis: parsed('MOORING_APIS', Apis, environment['MOORING_APIS'] ?? apiNames.join()),
      egress,
    },
    aws:
      parsed('AWS_ENDPOINT_URL', v.optional(Url), given('AWS_ENDPOINT_URL')) === undefined
        ? undefined
        : environment,
  };
};

type Environment = Readonly<Record<string, string | undefined>>;

const Url = v.pipe(v.string(), v.url());
const Port = v.pipe(v.string(), v.regex(/^\d{1,5}$/), v.transform(Number), v.maxValue(65_535));

/** Characters that a header and a shell can carry. */
export const ApiKey = v.pipe(v.string(), v.regex(/^sk_[\x21-\x7e]{0,8000}$/));

const SettingsText = v.pipe(v.string(), v.parseJson(), Settings);
const Apis = v.pipe(
  v.string(),
  v.transform((names) => names.split(',').filter(Boolean)),
  v.array(v.picklist(apiNames)),
);
const Policy = v.pipe(v.string(), v.parseJson(), EgressPolicy);
const Endpoints = v.pipe(v.string(), v.parseJson(), EgressPolicy.entries.endpoints.wrapped);

const expected: Readonly<Record<string, string>> = {
  PORT: 'a number up to 65535',
  MOORING_API_KEY: 'sk_ and printable characters without blanks',
  MOORING_DEMO: 'on or off',
  MOORING_SWEEP: 'on or off',
  MOORING_APIS: `names of ${apiNames.join(', ')} with commas between`,
  MOORING_EGRESS: 'an egress policy as JSON, such as {"loopback":true}',
  MOORING_SETTINGS:
    'settings as JSON, such as {"tokens":{"issuer":"https://issuer.example","audience":"mooring"}}',
  MOORING_ENDPOINTS:
    'URLs by connector or AWS service as JSON, such as {"snowflake":"https://localhost:28443"}',
  AWS_ENDPOINT_URL: 'a URL',
};

const parsed = <S extends v.GenericSchema>(
  name: string,
  schema: S,
  text: string | undefined,
): v.InferOutput<S> => {
  const result = v.safeParse(schema, text);
  if (!result.success) throw new Error(`${name}: expected ${expected[name] ?? 'another value'}`);
  return result.output;
};
