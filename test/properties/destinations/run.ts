import type { ApiAnswer } from '../../api.ts';
import { pem } from '../../network/servers.ts';
import {
  configSaid,
  createRequest,
  defaultMode,
  flatBody,
  managementBody,
  ownBody,
  type RequestContent,
} from './bodies.ts';
import type { Caller, Draft, Scenario, Patch, Step } from './scenario.ts';
import { openLedger } from './ledger.ts';
import { type Judgement, startJudge } from './model.ts';
import { behave, newRun, type World } from './world.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A connection that a scenario created or tried to create. */
interface Slot {
  readonly org: 0 | 1;
  readonly mode: 'managed' | 'platform';
  readonly name: string;
  readonly id: string | undefined;
  /** The number of the platform secret that the connection uses. */
  readonly arn: { bound: number };
}

interface Outcome extends Judgement {
  /** The requests up to a violation, or all requests. */
  readonly history: readonly string[];
}

const everything = ['connections:read', 'connections:write', 'connections:test'];

/** Runs a scenario until a server receives a secret without the owner's consent. */
export const runScenario = async (world: World, scenario: Scenario): Promise<Outcome> => {
  const run = newRun();
  const orgs = [`${run}_a`, `${run}_b`] as const;
  const history: string[] = [];
  const slots: Slot[] = [];
  const { api, connector, type } = world;
  const ledger = openLedger(world, { run, orgs, scenario });
  for (const recorder of world.all)
    await recorder.reset(() => ledger.owned.map(({ secret }) => secret.value));
  for (const change of scenario.servers) behave(world, change);
  for (const tagging of scenario.tags) await ledger.tag(tagging);

  const keysMade = new Set<string>();
  const keyOf = async ({ org, scopes }: Caller) => {
    const key = `sk_${run}_${org}_${short(scopes)}`;
    if (!keysMade.has(key)) await api.addKey(key, { org: orgs[org], scopes: [...scopes] });
    keysMade.add(key);
    return key;
  };
  const call = async (by: Caller, request: string, body?: object): Promise<ApiAnswer> => {
    const headers = { 'x-product-name': 'destinations' };
    const began = performance.now();
    const answer = await api.call(request, { body, key: await keyOf(by), headers });
    const said = [answer.status, answer.body.code ?? '', codeIn(answer)].join(' ').trim();
    history.push(
      `${short(by.scopes)} of ${by.org}: ${request} ${shortened(body)} → ${said}, in ${Math.round(performance.now() - began)} ms`,
    );
    return answer;
  };

  const create = async (by: Caller, draft: Draft, number: number, path?: string): Promise<ApiAnswer> => {
    const { auth_method } = draft.credentials;
    const platform = draft.mode === 'platform';
    const settings = platform
      ? { ...draft, credentials: { auth_method, secret_arn: { $arn: number } }, withCertificate: false }
      : draft;
    const name = `${run}-${history.length}`;
    const { said, carried } = ledger.say(settings, { name, mode: draft.mode, before: {} });
    const flavor = type === 'postgresql' ? draft.flavor : undefined;
    const request = draftRequest(said, draft, path);
    const tests = request.path.endsWith('/test');
    if (by.scopes.includes(tests ? 'connections:test' : 'connections:write'))
      ledger.agree(
        carried,
        {
          config: said.config,
          mode: said.sslMode ?? defaultMode(request.path, flavor),
          authority: said.authority ?? null,
          credentials: said.credentials,
        },
        platform ? ledger.platformIn(said.credentials, by.org) : undefined,
      );
    else ledger.disagree(carried);
    return call(by, `POST ${request.path}`, request.body);
  };

  const view = async ({ org, id }: Slot) => {
    const key = await keyOf({ org, scopes: everything });
    const { status, body } = await api.call(`GET /v1/connections/conn_${id}`, { key });
    const [options, ssl, config] = [body['options'], body['ssl'], body['config']].map((part): Fields =>
      Object(part),
    );
    const authority = ssl?.['ca'];
    return {
      config: status === 200 ? (config ?? {}) : {},
      mode: String(options?.['ssl_mode']),
      authority: typeof authority === 'string' ? authority : null,
    };
  };

  const platformNamed = (credentials: Fields, { mode, org, arn }: Slot, tests: boolean) => {
    const named = mode === 'platform' ? ledger.platformIn(credentials, org) : undefined;
    return tests && named === arn.bound ? undefined : named;
  };

  const change = async (step: Extract<Step, { readonly patch: Patch }>, slot: Slot) => {
    const before = await view(slot);
    const about = { name: slot.name, mode: slot.mode, before: before.config };
    const names = (slot.mode === 'platform') !== step.crossed;
    const credentials = names ? step.patch.naming : step.patch.credentials;
    const { said, carried } = ledger.say({ ...step.patch, credentials }, about);
    const { path, method, body, sslMode, authority } = changeRequest(step, slot, said);
    const tests = step.do === 'test with a patch';
    const scope = tests ? 'connections:test' : 'connections:write';
    if (step.by.org === slot.org && step.by.scopes.includes(scope)) {
      const asked = path.startsWith('/v1/management') ? withoutNull(said.config) : configSaid(said);
      const merged = withoutNull({ ...before.config, ...asked });
      ledger.agree(
        carried,
        {
          config: merged,
          mode: sslMode === undefined ? before.mode : (sslMode ?? 'verify-full'),
          authority: authority === undefined ? before.authority : authority,
          credentials: said.credentials,
        },
        // A test never binds a secret. For another secret it allows what a test of a draft allows.
        platformNamed(said.credentials, slot, tests),
      );
    } else ledger.disagree(carried);
    const { status } = await call(step.by, `${method} ${path}`, body);
    const named = tests || status >= 300 ? undefined : ledger.platformIn(said.credentials, slot.org);
    if (slot.mode === 'platform' && named !== undefined) slot.arn.bound = named;
  };

  const take = async (step: Step) => {
    if (step.do === 'behave') {
      history.push(`behave ${JSON.stringify(step.change)}`);
      return behave(world, step.change);
    }
    if (step.do === 'tag') {
      history.push(`tag ${JSON.stringify(step.tagging)}`);
      return ledger.tag(step.tagging);
    }
    if ('draft' in step) return void (await create(step.by, step.draft, 0, draftPaths[step.do]));
    const slot = slots[step.on];
    if (!slot?.id) return undefined;
    const by: Caller = { ...step.by, org: step.by.org === 0 ? slot.org : otherThan(slot.org) };
    if ('patch' in step) return change({ ...step, by }, slot);
    const [request, body] = plainRequest(step.do, slot, connector.autocomplete[0] ?? 'tables');
    return void (await call(by, request, body));
  };

  for (const [at, [org, draft]] of scenario.drafts.entries()) {
    const name = `${run}-${history.length}`;
    const { status, body } = await create({ org, scopes: everything }, draft, at);
    const given = String(body.id ?? Object(body.data)['id']);
    const id = status === 201 ? given.replaceAll(/^[a-z]+_|-/g, '') : undefined;
    slots.push({ org, mode: draft.mode, name, id, arn: { bound: at } });
  }
  const judge = startJudge({ ours: pem('ca.crt') });
  let allowed = 0;
  const judged = async () => {
    await Promise.all(world.all.map((recorder) => recorder.idle()));
    const heard = world.all.flatMap((recorder) => recorder.heard);
    const announcements = world.all.flatMap((recorder) => recorder.announcements);
    const judgement = judge(ledger.owned, heard, announcements);
    allowed += judgement.allowed;
    return judgement.violations;
  };
  for (const step of scenario.steps) {
    await api.settle();
    await take(step);
    const violations = await judged();
    if (violations.length > 0) return { violations, allowed, history };
  }
  await api.settle();
  return { violations: await judged(), allowed, history };
};

const short = (scopes: readonly string[]) =>
  scopes.map((scope) => scope.slice('connections:'.length)).join('_');

const codeIn = ({ body }: ApiAnswer): string =>
  String(Object(body['details'])['code'] ?? body['status'] ?? '');

const otherThan = (org: 0 | 1) => (org === 0 ? 1 : 0);

const withoutNull = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null));

/** Omits certificates and keys, which do not help to read a counterexample. */
const shortened = (body: object | undefined) =>
  (JSON.stringify(body) ?? '').replaceAll(
    /-----BEGIN ([A-Z ]+)-----[^-]*-----END [A-Z ]+-----(\\n)?/g,
    '<$1>',
  );

const draftPaths = {
  'test a draft': '/v1/connections/test',
  'verify a draft': '/v1/connections?verify=true',
  'test a profile': '/api/v1/connection_profiles/test',
};

/** Returns the request that creates a connection, or that tests it at `path` before it exists. */
const draftRequest = (said: RequestContent, draft: Draft, path: string | undefined) => {
  const extra = { ...(said.type === 'postgresql' && draft.flavor !== undefined && { flavor: draft.flavor }) };
  if (path === undefined) return createRequest(draft.api, said, extra);
  const profile = createRequest('profiles', said, extra);
  if (path === draftPaths['test a profile'] && profile.path.startsWith('/api')) return { ...profile, path };
  const own = path === draftPaths['test a profile'] ? draftPaths['test a draft'] : path;
  return { path: own, body: createRequest('v1', said, extra).body };
};

/**
 * Returns the request that updates a connection, with its TLS settings: `undefined` for no change, `null` for
 * the default. Only our own API can send `null`.
 */
const changeRequest = (
  step: Extract<Step, { readonly patch: Patch }>,
  { id }: Slot,
  said: RequestContent,
) => {
  const path = `/v1/connections/conn_${id}`;
  const known = { sslMode: said.sslMode ?? undefined, authority: said.authority ?? undefined };
  const management = step.do === 'change by management' ? managementBody(said, true) : undefined;
  if (management)
    return {
      path: `/v1/management/connections/${uuidOf(id)}`,
      method: 'PATCH',
      body: management,
      ...known,
    };
  if (step.do === 'replace') return { path, method: 'PUT', body: { credentials: flatBody(said) }, ...known };
  const { flavor, ...other } = step.other;
  const flavored = said.type === 'postgresql' && flavor !== undefined && { flavor };
  const body = { ...other, ...flavored, ...ownBody(said) };
  const { sslMode, authority } = said;
  return step.do === 'test with a patch'
    ? { path: `${path}/test`, method: 'POST', body, sslMode, authority }
    : { path, method: 'PATCH', body, sslMode, authority };
};

type Plain = Extract<Step, { readonly on: number }>['do'];

const plainRequest = (
  what: Plain,
  { id, name }: Slot,
  kind: string,
): readonly [request: string, body?: object] => {
  const own = `/v1/connections/conn_${id}`;
  const management = `/v1/management/connections/${uuidOf(id)}`;
  const mappedFields = { [name]: { one: ['id'] } };
  const requests: Readonly<Partial<Record<Plain, readonly [request: string, body?: object]>>> = {
    'read the schema': [`GET ${own}/schema?max_age=0`],
    validate: [`POST ${own}/schema/validate`, { tables: [{ name: 'one' }] }],
    complete: [`GET ${own}/autocomplete?type=${kind}`],
    delete: [`DELETE ${own}`],
    restore: [`POST ${own}/restore`],
    'test by management': [`POST ${management}/test`],
    'read by management': [`GET ${management}/schema`],
    'validate by management': ['POST /v1/management/connections/validate-schema', { mappedFields }],
    'complete by profile': [`GET /api/v1/connection_profiles/prof_${id}/autocomplete`],
  };
  return requests[what] ?? [`POST ${own}/test`];
};

const uuidOf = (id = ''): string => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
