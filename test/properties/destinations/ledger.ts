import type { RequestContent } from './bodies.ts';
import { type RequestedConnection, consentFor } from './consents.ts';
import type { Scenario, Settings, Tagging } from './scenario.ts';
import type { Owned } from './model.ts';
import { type Secret, startMint } from './secrets.ts';
import { resolve } from './tokens.ts';
import { meaningIn, share, type World } from './world.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A request that carries new secrets. */
export interface Carrying {
  readonly said: RequestContent;
  readonly carried: readonly Secret[];
}

/** Keeps every secret of a run with the consents of its owner. */
export interface Ledger {
  readonly owned: readonly Owned[];
  /** Resolves the tokens of a request. The secrets that it carries are new. */
  readonly say: (
    settings: Settings,
    about: { readonly name: string; readonly mode: RequestContent['mode']; readonly before: Fields },
  ) => Carrying;
  /**
   * Records the owner's consent to a request, for the secrets that it carries and for the platform secret
   * with this number.
   */
  readonly agree: (
    carried: readonly Secret[],
    asked: Omit<RequestedConnection, 'type' | 'connector' | 'deployment'>,
    platform: number | undefined,
  ) => void;
  /** Records secrets of a caller who had no right to make the request. */
  readonly disagree: (carried: readonly Secret[]) => void;
  readonly tag: (tagging: Tagging) => Promise<void>;
  /** The number of the platform secret that the credentials name, if it belongs to this organisation. */
  readonly platformIn: (credentials: Fields, org: 0 | 1) => number | undefined;
}

export const openLedger = (
  world: World,
  {
    run,
    orgs,
    scenario,
  }: { readonly run: string; readonly orgs: readonly string[]; readonly scenario: Scenario },
): Ledger => {
  const { type, connector, deployment } = world;
  const mint = startMint();
  const resolving = () => {
    const carried: Secret[] = [];
    const newSecret = (field: string) => {
      const secret = mint(field);
      carried.push(secret);
      return secret;
    };
    return { carried, newSecret, meaning: meaningIn(world, run, newSecret) };
  };
  const shared = scenario.drafts.map(([org, { credentials }]) => {
    const { carried, meaning } = resolving();
    const value = fieldsIn(resolve(credentials, meaning));
    return {
      org,
      value,
      held: carried.map((secret) => ({ secret, consents: [], tags: [] }) satisfies Owned as Owned),
    };
  });
  const owned: Owned[] = shared.flatMap(({ held }) => held);

  return {
    owned,
    say: (settings, about) => {
      const { carried, newSecret, meaning } = resolving();
      const credentials = fieldsIn(resolve(settings.credentials, meaning));
      const certified = settings.withCertificate || credentials['auth_method'] === 'certificate';
      const pair = certified && about.mode === 'managed' ? newSecret('ssl_key') : undefined;
      const said: RequestContent = {
        ...about,
        type,
        connector,
        config: fieldsIn(resolve(settings.config, meaning)),
        credentials,
        sslMode: settings.sslMode,
        authority: settings.authority == null ? settings.authority : meaning.authority(settings.authority),
        certificate:
          pair?.certificate === undefined ? undefined : { cert: pair.certificate, key: pair.value },
        written: settings.written,
      };
      return { said, carried };
    },
    agree: (carried, asked, platform) => {
      const whole: RequestedConnection = { ...asked, type, connector, deployment: deployment?.port };
      for (const secret of carried) owned.push({ secret, consents: [consentFor(secret.field, whole)] });
      const named = platform === undefined ? undefined : shared[platform];
      for (const { secret, consents } of named?.held ?? [])
        consents.push(consentFor(secret.field, { ...whole, credentials: named?.value ?? {} }));
    },
    disagree: (carried) => {
      for (const secret of carried) owned.push({ secret, consents: [] });
    },
    tag: async (tagging) => {
      const secret = shared[tagging.arn];
      if (!secret) return;
      const { auth_method: _, ...value } = secret.value;
      const state = await share(world, run, tagging, { org: orgs[secret.org] ?? '', value });
      for (const { tags } of secret.held) tags?.push(state);
    },
    platformIn: ({ secret_arn: arn }, org) => {
      const found = [0, 1].find((number) => String(arn).endsWith(`${run}-${number}`));
      return found !== undefined && shared[found]?.org === org ? found : undefined;
    },
  };
};

const fieldsIn = (value: unknown): Fields => ({ ...Object(value) });
