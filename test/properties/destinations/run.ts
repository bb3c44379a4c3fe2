import type { Answered } from '../../api.ts';
import { type Asked, consentFor } from './consents.ts';
import {
  configSaid,
  createRequest,
  defaultMode,
  flatBody,
  managementBody,
  ownBody,
  type Said,
} from './bodies.ts';
import type { Caller, Draft, Scenario, Settings, Step, Tagging } from './draw.ts';
import { type Owned, violationsOf } from './model.ts';
import { type Secret, startMint } from './secrets.ts';
import { resolve } from './tokens.ts';
import { behave, meaningIn, newRun, share, type World } from './world.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A connection that a scenario made, or did not manage to make. */
interface Slot {
  readonly org: 0 | 1;
  readonly mode: 'managed' | 'platform';
  readonly name: string;
  readonly id: string | undefined;
}

interface View {
  readonly config: Fields;
  readonly mode: string;
  readonly authority: string | null;
}

/** Certificates and keys say nothing to who reads a counterexample. */
const shortened = (body: object | undefined) =>
  (JSON.stringify(body) ?? '').replaceAll(
    /-----BEGIN ([A-Z ]+)-----[^-]*-----END [A-Z ]+-----(\\n)?/g,
    '<$1>',
  );

/** Plays a scenario; answers what was received that its owner had not allowed, with the requests up to then. */
export const play = async (world: World, scenario: Scenario): Promise<readonly string[]> => {
  const run = newRun();
  const mint = startMint();
  const orgs = [`${run}_a`, `${run}_b`] as const;
  const owned: Owned[] = [];
  const done: string[] = [];
  const slots: Slot[] = [];
  const { api, connector, type, deployment } = world;
  const ours = meaningIn(world, run, mint).authority('ours');
  for (const recorder of world.all) recorder.reset(() => owned.map(({ secret }) => secret.value));
  for (const change of scenario.servers) behave(world, change);

  const keysMade = new Set<string>();
  const keyOf = async ({ org, scopes }: Caller) => {
    const key = `sk_${run}_${org}_${scopes.map((scope) => scope.slice(12)).join('_')}`;
    if (!keysMade.has(key)) await api.addKey(key, { org: orgs[org], scopes: [...scopes] });
    keysMade.add(key);
    return key;
  };
  const everything = ['connections:read', 'connections:write', 'connections:test'];
  const call = async (by: Caller, request: string, body?: object): Promise<Answered> => {
    const headers = { 'x-product-name': 'destinations' };
    const answer = await api.call(request, { body, key: await keyOf(by), headers });
    const code = answer.status < 300 ? '' : ` ${answer.body.code ?? ''}`;
    done.push(
      `${request} by ${by.scopes.map((scope) => scope.slice(12)).join()} of ${by.org} ${shortened(body)} → ${answer.status}${code}`,
    );
    return answer;
  };

  /** What a platform secret holds, by its number. */
  const shared = scenario.drafts.map(([org, draft]) => {
    const value: Record<string, unknown> = {};
    const secrets: Secret[] = [];
    const newSecret = (field: string) => {
      const secret = mint(field);
      secrets.push(secret);
      return secret;
    };
    const given = resolve(draft.credentials, meaningIn(world, run, newSecret));
    Object.assign(value, given);
    return { org, value, held: secrets.map((secret): Owned => ({ secret, consents: [], tags: [] })) };
  });
  owned.push(...shared.flatMap(({ held }) => held));
  const tag = async (tagging: Tagging) => {
    const secret = shared[tagging.arn];
    if (!secret) return;
    const { auth_method: _, ...value } = secret.value;
    const state = await share(world, run, tagging, { org: orgs[secret.org], value });
    for (const { tags } of secret.held) tags?.push(state);
    done.push(`tags of ${tagging.arn}: ${JSON.stringify(tagging)}`);
  };
  for (const tagging of scenario.tags) await tag(tagging);

  /** Resolves what a request says; secrets that it carries are new. */
  const say = (
    settings: Settings,
    about: { readonly name: string; readonly mode: Said['mode']; readonly before: Fields },
  ) => {
    const carried: Secret[] = [];
    const newSecret = (field: string) => {
      const secret = mint(field);
      carried.push(secret);
      return secret;
    };
    const meaning = meaningIn(world, run, newSecret);
    const config = resolve(settings.config, meaning) as Fields; // a record stays one
    const credentials = resolve(settings.credentials, meaning) as Fields;
    const withCertificate = settings.withCertificate || credentials['auth_method'] === 'certificate';
    const pair = withCertificate && about.mode === 'managed' ? newSecret('ssl_key') : undefined;
    const said: Said = {
      ...about,
      type,
      connector,
      config,
      credentials,
      sslMode: settings.sslMode,
      authority: settings.authority == null ? settings.authority : meaning.authority(settings.authority),
      certificate: pair?.certificate === undefined ? undefined : { cert: pair.certificate, key: pair.value },
      written: settings.written,
    };
    return { said, carried };
  };

  /** What the owner agrees to by a request: for the secrets that it carries, and for the platform secret that it names. */
  const agree = (
    carried: readonly Secret[],
    asked: Omit<Asked, 'type' | 'connector' | 'deployment'>,
    arn: number | undefined,
  ) => {
    const whole: Asked = { ...asked, type, connector, deployment: deployment?.port };
    for (const secret of carried) owned.push({ secret, consents: [consentFor(secret.field, whole)] });
    const named = arn === undefined ? undefined : shared[arn];
    for (const { secret, consents } of named?.held ?? [])
      consents.push(consentFor(secret.field, { ...whole, credentials: named?.value ?? {} }));
  };
  const disagree = (carried: readonly Secret[]) => {
    for (const secret of carried) owned.push({ secret, consents: [] });
  };
  const arnIn = (credentials: Fields, org: 0 | 1): number | undefined => {
    const found = [0, 1].find((number) => String(credentials['secret_arn']).endsWith(`${run}-${number}`));
    return found !== undefined && shared[found]?.org === org ? found : undefined;
  };

  const draftOf = (draft: Draft, name: string, number: number) => {
    const platform = draft.mode === 'platform';
    const { auth_method } = draft.credentials;
    const settings = platform
      ? { ...draft, credentials: { auth_method, secret_arn: { $arn: number } }, withCertificate: false }
      : draft;
    return say(settings, { name, mode: draft.mode, before: {} });
  };
  const create = async (by: Caller, draft: Draft, number: number, path?: string): Promise<Answered> => {
    const { said, carried } = draftOf(draft, `${run}-${done.length}`, number);
    const extra = { ...(type === 'postgresql' && draft.flavor !== undefined && { flavor: draft.flavor }) };
    const made = createRequest(path === undefined ? draft.api : 'v1', said, extra);
    const profile = path === '/api/v1/connection_profiles/test' && createRequest('profiles', said, extra);
    const request =
      profile && profile.path.startsWith('/api')
        ? { path, body: profile.body }
        : { ...made, path: path ?? made.path };
    const target =
      request.path === '/api/v1/connection_profiles/test' && said.mode === 'platform'
        ? '/v1/connections/test'
        : request.path;
    const scope = target.endsWith('/test') ? 'connections:test' : 'connections:write';
    if (by.scopes.includes(scope)) {
      const isOurs = target.startsWith('/v1/connections');
      const fallback = defaultMode(
        isOurs ? '/v1/connections' : target,
        type === 'postgresql' ? draft.flavor : undefined,
      );
      agree(
        carried,
        {
          config: said.config,
          mode: said.sslMode ?? fallback,
          authority: said.authority ?? null,
          credentials: said.credentials,
        },
        said.mode === 'platform' ? arnIn(said.credentials, by.org) : undefined,
      );
    } else disagree(carried);
    const query = target === '/v1/connections' && path === undefined ? '?test=false' : '';
    return call(by, `POST ${target}${query}`, request.body);
  };

  for (const [at, [org, draft]] of scenario.drafts.entries()) {
    const name = `${run}-${done.length}`;
    const { status, body } = await create({ org, scopes: everything }, draft, at);
    const given = String(body.id ?? Object(body.data)['id']);
    const id = status === 201 ? given.replaceAll(/^[a-z]+_|-/g, '') : undefined;
    slots.push({ org, mode: draft.mode, name, id });
  }
  const found = () =>
    violationsOf(
      owned,
      world.all.flatMap(({ heard }) => heard),
      world.all.flatMap(({ announcements }) => announcements),
      { ours },
    );

  const view = async ({ org, id }: Slot): Promise<View | undefined> => {
    const { status, body } = await api.call(`GET /v1/connections/conn_${id}`, {
      key: await keyOf({ org, scopes: everything }),
    });
    if (status !== 200) return undefined;
    const { config, options, ssl } = body;
    return {
      config: config as Fields,
      mode: String(Object(options)['ssl_mode']),
      authority: (Object(ssl)['ca'] ?? null) as string | null,
    };
  };

  const change = async (step: Extract<Step, { patch: Settings }>, slot: Slot) => {
    const before = await view(slot);
    const { said, carried } = say(step.patch, {
      name: slot.name,
      mode: slot.mode,
      before: before?.config ?? {},
    });
    const { on: _, by } = step;
    const management = step.do === 'change by management' ? managementBody(said, true) : undefined;
    const replaced = step.do === 'replace' && { credentials: flatBody(said) };
    const { flavor, ...other } = step.other;
    const whole = {
      ...other,
      ...(type === 'postgresql' && flavor !== undefined && { flavor }),
      ...ownBody(said),
    };
    const body = management ?? (replaced || whole);
    const tests = step.do === 'test with a patch';
    const may = by.org === slot.org && by.scopes.includes(tests ? 'connections:test' : 'connections:write');
    if (may && before) {
      const merged = Object.entries({ ...before.config, ...configSaid(said) }).filter(
        ([, value]) => value != null,
      );
      // A test never binds; a secret that it carries itself it may send.
      const arn = tests || slot.mode === 'managed' ? undefined : arnIn(said.credentials, slot.org);
      agree(
        carried,
        {
          config: Object.fromEntries(merged),
          mode:
            said.sslMode === undefined || (replaced && said.sslMode === null)
              ? before.mode
              : (said.sslMode ?? 'verify-full'),
          authority: said.authority === undefined ? before.authority : said.authority,
          credentials: said.credentials,
        },
        arn,
      );
    } else disagree(carried);
    const uuid = slot.id?.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    const path = `/v1/connections/conn_${slot.id}`;
    if (management) await call(by, `PATCH /v1/management/connections/${uuid}`, body);
    else if (tests) await call(by, `POST ${path}/test`, body);
    else await call(by, `${replaced ? 'PUT' : 'PATCH'} ${path}`, body);
  };

  const plain = async ({ do: what, by }: Extract<Step, { on: number }>, slot: Slot) => {
    const uuid = slot.id?.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    const path = `/v1/connections/conn_${slot.id}`;
    const management = `/v1/management/connections/${uuid}`;
    const [kind = 'tables'] = connector.autocomplete;
    if (what === 'test') await call(by, `POST ${path}/test`);
    if (what === 'read the schema') await call(by, `GET ${path}/schema?max_age=0`);
    if (what === 'validate') await call(by, `POST ${path}/schema/validate`, { tables: [{ name: 'one' }] });
    if (what === 'complete') await call(by, `GET ${path}/autocomplete?type=${kind}`);
    if (what === 'delete') await call(by, `DELETE ${path}`);
    if (what === 'restore') await call(by, `POST ${path}/restore`);
    if (what === 'test by management') await call(by, `POST ${management}/test`);
    if (what === 'read by management') await call(by, `GET ${management}/schema`);
    if (what === 'validate by management')
      await call(by, 'POST /v1/management/connections/validate-schema', {
        mappedFields: { [slot.name]: { one: ['id'] } },
      });
    if (what === 'complete by profile')
      await call(by, `GET /api/v1/connection_profiles/prof_${slot.id}/autocomplete`);
  };

  const take = async (step: Step) => {
    if (step.do === 'behave') return behave(world, step.change);
    if (step.do === 'tag') return tag(step.tagging);
    if ('draft' in step) {
      const paths = {
        'test a draft': '/v1/connections/test',
        'verify a draft': '/v1/connections?verify=true',
        'test a profile': '/api/v1/connection_profiles/test',
      };
      await create(step.by, step.draft, 0, paths[step.do]);
      return undefined;
    }
    const slot = slots[step.on];
    if (!slot?.id) return undefined;
    return 'patch' in step ? change(step, slot) : plain(step, slot);
  };

  for (const step of scenario.steps) {
    await take(step);
    await api.settle();
    const violations = found();
    if (violations.length > 0) return [...violations, ...done];
  }
  return [];
};
