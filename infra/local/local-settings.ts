import * as v from 'valibot';
import { EgressPolicy } from '../../shared/network/egress.ts';
import { WebhookEgress } from '../../shared/network/webhook-egress.ts';
import { apiNames, DeploymentSettings } from '../../shared/settings.ts';
import { resolveStateFolder } from './state-folder.ts';

export interface LocalSettings {
  readonly port: number;
  /** If `undefined`, the server creates a key. */
  readonly apiKey: string | undefined;
  readonly folder: string;
  readonly demo: boolean;
  /** Whether the terminal shows a line when a connection changes its status. */
  readonly quiet: boolean;
  /** Whether secrets that no connection names are quarantined. */
  readonly sweep: boolean;
  readonly policy: EgressPolicy;
  /** How callers are authenticated by token, and quotas. */
  readonly settings: DeploymentSettings;
  /** The environment for the AWS clients, if an AWS endpoint is configured. */
  readonly aws: SettingsEnvironment | undefined;
}

/** Reads the settings from the environment. Throws a sentence with the name of the variable and the expected value. */
export const readLocalSettings = (environment: SettingsEnvironment): LocalSettings => {
  const readVariable = (name: string) => environment[name] || undefined;
  const egress = parseVariable(
    'MOORING_EGRESS',
    EgressText,
    readVariable('MOORING_EGRESS') ?? '{"loopback":true}',
  );
  // Receivers on this machine, unless the policy says something else about webhooks.
  const { webhooks = { loopback: true } } = egress;
  const endpoints = parseVariable(
    'MOORING_ENDPOINTS',
    v.optional(EndpointsText),
    readVariable('MOORING_ENDPOINTS'),
  );
  return {
    port: parseVariable('PORT', LocalPort, readVariable('PORT') ?? '8787'),
    apiKey: parseVariable('MOORING_API_KEY', v.optional(LocalApiKey), readVariable('MOORING_API_KEY')),
    folder: resolveStateFolder(readVariable('MOORING_STATE')),
    demo:
      parseVariable('MOORING_DEMO', v.picklist(['on', 'off']), readVariable('MOORING_DEMO') ?? 'on') === 'on',
    quiet:
      parseVariable('MOORING_QUIET', v.picklist(['on', 'off']), readVariable('MOORING_QUIET') ?? 'off') ===
      'on',
    sweep:
      parseVariable('MOORING_SWEEP', v.picklist(['on', 'off']), readVariable('MOORING_SWEEP') ?? 'on') ===
      'on',
    policy: {
      ...egress,
      webhooks,
      ...(endpoints && { endpoints }),
    },
    settings: {
      ...parseVariable('MOORING_SETTINGS', SettingsText, readVariable('MOORING_SETTINGS') ?? '{}'),
      // An empty value is not the same as a missing one: it selects no API.
      apis: parseVariable('MOORING_APIS', ApiNamesText, environment['MOORING_APIS'] ?? apiNames.join()),
      egress: { ...egress, webhooks },
    },
    aws:
      parseVariable('AWS_ENDPOINT_URL', v.optional(EndpointUrl), readVariable('AWS_ENDPOINT_URL')) ===
      undefined
        ? undefined
        : environment,
  };
};

type SettingsEnvironment = Readonly<Record<string, string | undefined>>;

const EndpointUrl = v.pipe(v.string(), v.url());
const LocalPort = v.pipe(v.string(), v.regex(/^\d{1,5}$/), v.transform(Number), v.maxValue(65_535));

/** Characters that a header and a shell can carry. */
export const LocalApiKey = v.pipe(v.string(), v.regex(/^sk_[\x21-\x7e]{0,8000}$/));

const SettingsText = v.pipe(v.string(), v.parseJson(), DeploymentSettings);
const ApiNamesText = v.pipe(
  v.string(),
  v.transform((names) => names.split(',').filter(Boolean)),
  v.array(v.picklist(apiNames)),
);
const EgressText = v.pipe(
  v.string(),
  v.parseJson(),
  v.strictObject({ ...EgressPolicy.entries, webhooks: v.exactOptional(WebhookEgress) }),
);
const EndpointsText = v.pipe(v.string(), v.parseJson(), EgressPolicy.entries.endpoints.wrapped);

const expectedValues: Readonly<Record<string, string>> = {
  PORT: 'a number up to 65535',
  MOORING_API_KEY: 'sk_ followed by printable characters without spaces',
  MOORING_DEMO: 'on or off',
  MOORING_QUIET: 'on or off',
  MOORING_SWEEP: 'on or off',
  MOORING_APIS: `a comma-separated list of ${apiNames.join(', ')}`,
  MOORING_EGRESS: 'an egress policy as JSON, such as {"loopback":true}',
  MOORING_SETTINGS:
    'settings as JSON, such as {"tokens":{"issuer":"https://issuer.example","audience":"mooring"}}',
  MOORING_ENDPOINTS:
    'URLs by connector or AWS service as JSON, such as {"snowflake":"https://localhost:28443"}',
  AWS_ENDPOINT_URL: 'a URL',
};

const parseVariable = <S extends v.GenericSchema>(
  name: string,
  schema: S,
  text: string | undefined,
): v.InferOutput<S> => {
  const result = v.safeParse(schema, text);
  if (!result.success) throw new Error(`${name}: expected ${expectedValues[name] ?? 'another value'}`);
  return result.output;
};
