import { toAwsFault } from '../../shared/adapters/aws/aws-fault.ts';
import { createLambdaProbe } from '../../shared/adapters/aws/lambda-probe.ts';
import { toEndingProblem } from '../../shared/adapters/probe-ending.ts';
import {
  createUnreadableProblem,
  encodeSecretDocument,
  throwCredentialsMissing,
} from '../../shared/adapters/secret-document.ts';
import { createNotSharedProblem } from '../../shared/adapters/shared-secret.ts';
import { apis } from '../../functions/apis.ts';
import { createProfileTestProblem } from '../../shared/apis/profiles/failures.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import type { Destination } from '../../shared/domain/connections/connection.ts';
import { defaultOptions } from '../../shared/domain/connections/connection-options.ts';
import { createNameTakenProblem } from '../../shared/domain/connections/create-connection.ts';
import { checkDestination, type SendPermission } from '../../shared/domain/credentials/send-credentials.ts';
import { countCallerDial, countDestinationDial } from '../../shared/domain/testing/dial-quota.ts';
import { createAuthenticator } from '../../shared/http/authenticate.ts';
import { answerInTime } from '../../shared/http/answer-in-time.ts';
import { toProblem, toProblemAnswer } from '../../shared/http/problem-response.ts';
import { toSourceProblem } from '../../shared/network/classify-network-error.ts';
import { createDialer } from '../../shared/network/create-dialer.ts';
import { type StepName, stepNames } from '../../shared/network/dialer.ts';
import { assessLogin } from '../../shared/network/login-methods.ts';
import { createStepRecorder, type RecordedStep } from '../../shared/network/step-recorder.ts';
import { createTlsContext } from '../../shared/network/tls/create-tls-context.ts';
import type { Store } from '../../shared/ports/store.ts';
import { Problem, type ProblemCode, problemCodes, sourceProblems } from '../../shared/problem.ts';
import { toStorageProblem } from '../../shared/storage-fault.ts';
import { startIssuer } from '../issuer.ts';
import { privateKey } from '../samples.ts';

/** What each of the four APIs answers with one problem, apart from the id of the request. */
const renderByApi = (problem: Problem) =>
  Object.fromEntries(
    Object.entries(apis).map(([name, api]) => {
      const { status, body = '' } = toProblemAnswer(problem, '', String, api);
      const { request_id: _, ...shown } = JSON.parse(body) as Record<string, unknown>;
      return [name, { status, body: shown }];
    }),
  );

/** Codes that came after these APIs, and that none of their routes answers. */
const ownCodes: ReadonlySet<ProblemCode> = new Set(['events-expired']);

/** The problem that `work` throws. */
const catchProblem = async (work: () => unknown): Promise<Problem> => {
  try {
    await work();
  } catch (error) {
    return toProblem(error);
  }
  throw new Error('Expected a problem');
};

const noFailure = { title: 'PostgreSQL', failure: () => undefined };
const toCoded = (code: string) => Object.assign(new Error('never shown'), { code });

const createTestSteps = (remediation: string | undefined, code: ProblemCode): RecordedStep[] =>
  stepNames.map((step, at) =>
    at === 2
      ? {
          step,
          status: 'failed',
          duration_ms: 1,
          code,
          ...(remediation !== undefined && { remediation }),
        }
      : { step, status: 'skipped', duration_ms: 0 },
  );

/** The problem that a failed test of a profile becomes, with the remediation that the failed step has. */
const createTestProblem = async (code: ProblemCode): Promise<Problem> => {
  const recorder = createStepRecorder({ limits: () => 60_000, budget: 60_000 });
  const { message } = await catchProblem(() =>
    recorder.step('connect', () => Promise.reject(toSourceProblem(new Problem(code), noFailure))),
  );
  const remediation = recorder.listSteps().find(({ status }) => status === 'failed')?.remediation;
  recorder[Symbol.dispose]();
  return createProfileTestProblem('postgresql', {
    status: 'failed',
    details: { error: message, code },
    steps: createTestSteps(remediation, code),
    tested_at: '',
    vantage: { region: null, vpc_id: null, egress_ips: [] },
  });
};

const waitAtStep = (step: StepName): Promise<Problem> => {
  const recorder = createStepRecorder({ limits: () => 1, budget: 60_000 });
  return catchProblem(() => recorder.step(step, () => new Promise(() => {}))).finally(() =>
    recorder[Symbol.dispose](),
  );
};

const dialUntagged = async (): Promise<Problem> => {
  const recorder = createStepRecorder({ limits: () => 60_000, budget: 60_000 });
  const options = { policy: { loopback: true }, environment: 'default', mayDial: () => false, recorder };
  const dialer = createDialer({ ...options, tlsSettings: { mode: 'disable' } });
  const problem = await catchProblem(() => dialer.tcp({ host: '127.0.0.1', port: 1 }));
  await dialer[Symbol.asyncDispose]();
  recorder[Symbol.dispose]();
  return problem;
};

const sendTo = (permission: SendPermission): Promise<Problem> =>
  catchProblem(() =>
    checkDestination(connectors.postgresql, permission, {
      config: { host: 'db.example.com', port: 5433, database: 'shop', username: 'reader' },
      options: { ...defaultOptions, ssl_mode: 'require' },
      ssl: { ca: null, cert: null },
      login: { auth_method: 'password' },
    }),
  );

const tenant = { org: 'org_test', environment: 'default' };
const shareTags = (tags: Readonly<Record<string, string>>) =>
  sendTo({ shared: { tenant, tags: { 'mooring:tenant': 'org_test/default', ...tags } } });

const fullStore = { count: () => Promise.resolve(1000) } as unknown as Store; // the quotas only count
const limits = { tests_per_minute: 9, reader_tests_per_minute: 8, destination_tests_per_minute: 7 };

const authenticateToken = async (
  claims: object | undefined,
  prepare: (issuer: Awaited<ReturnType<typeof startIssuer>>) => void = () => {},
): Promise<Problem> => {
  const issuer = await startIssuer();
  const authenticate = createAuthenticator({
    store: fullStore,
    clock: Date.now,
    tokens: {
      issuer: issuer.issuer,
      audience: issuer.audience,
      organisation_claim: 'org_id',
      environments_claim: 'environments',
      scope_claim: 'scope',
    },
  });
  const token = claims === undefined ? 'e30.e30.x' : await issuer.sign({ ...claims });
  prepare(issuer);
  const problem = await catchProblem(() => authenticate(`Bearer ${token}`));
  await issuer[Symbol.asyncDispose]();
  return problem;
};

const silentLambda = {
  client: { send: () => Promise.reject(new Error('no answer')) },
  functions: { test: 'one' },
};
const manyBytes = { layout: 1, owner: { ...tenant, id: 'x' }, destination: { ssl_mode: 'require' } } as const;

/** Problems of the core that no small request provokes, by what provokes them. */
const problemsByCause: Readonly<Record<string, () => Problem | Promise<Problem>>> = {
  'a name that is taken': () => createNameTakenProblem(undefined),
  'a probe without memory': () => toEndingProblem('memory'),
  'a probe without time': () => toEndingProblem('time'),
  'a probe that ended': () => toEndingProblem('unknown'),
  'a function that does not answer': () =>
    catchProblem(() => createLambdaProbe(silentLambda).test({ tenant, id: 'x', actor: 'a', request_id: 'r', trigger: 'request' })),
  'an answer that is late': () =>
    catchProblem(() => answerInTime(new Promise(() => {}), { getRemainingTimeInMillis: () => 0 })),
  'a disabled KMS key': () => toProblem(toAwsFault('KMS', { name: 'DisabledException', $metadata: {} })),
  'an AWS service that does not answer': () => toProblem(toAwsFault('KMS', new Error('never shown'))),
  ...Object.fromEntries(
    ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EMFILE', 'EIO'].map((code) => [
      `a file with ${code}`,
      () => toProblem(toCoded(code)),
    ]),
  ),
  'a store that cannot be opened': () =>
    toProblem(toStorageProblem({ errcode: 14 }, 'The store in the state folder')),
  'a secret that cannot be read': () => createUnreadableProblem(undefined),
  'a secret that is not there': () => catchProblem(throwCredentialsMissing),
  'a secret that is not shared': createNotSharedProblem,
  'credentials that are too large': () =>
    catchProblem(() =>
      encodeSecretDocument({ ...manyBytes, credentials: { auth_method: 'password', password: 'p'.repeat(70_000) } }),
    ),
  'a tenant that the tags do not name': () => sendTo({ shared: { tenant, tags: {} } }),
  'a host that the tags do not name': () => shareTags({ 'mooring:host': 'other.example.com' }),
  'TLS that the tags do not allow': () => shareTags({ 'mooring:host': 'db.example.com:5433' }),
  'a destination that was changed': () => sendTo({ bound: { host: 'other', ssl_mode: 'require' } as Destination }),
  'a destination of a shared secret that was changed': () =>
    sendTo({ bound: { host: 'other', ssl_mode: 'require' } as Destination, shared: { tenant, tags: {} } }),
  'a source at a host that the tags do not name': dialUntagged,
  'the quota of an organisation': () =>
    catchProblem(() => countCallerDial(fullStore, limits, { org: 'o', now: 0, readsOnly: false })),
  'the quota of readers': () =>
    catchProblem(() =>
      countCallerDial(
        { count: ({ sk }: { sk: string }) => Promise.resolve(sk.includes('READ') ? 1000 : 1) } as unknown as Store,
        limits,
        { org: 'o', now: 0, readsOnly: true },
      ),
    ),
  'the quota of a destination': () =>
    catchProblem(() => countDestinationDial(fullStore, limits, { org: 'o', now: 0, destinations: ['db'] })),
  'a token that is not valid': () => authenticateToken(undefined),
  'a token without an organisation': () => authenticateToken({}),
  'an issuer that fails': () => authenticateToken({ org_id: 'org_test' }, (issuer) => issuer.fail(true)),
  'a certificate without its key': () => catchProblem(() => createTlsContext({ mode: 'require', cert: 'x' })),
  'a CA that is no PEM': () => catchProblem(() => createTlsContext({ mode: 'require', ca: 'x' })),
  'a certificate that is no PEM': () =>
    catchProblem(() => createTlsContext({ mode: 'require', cert: 'x', key: privateKey })),
  ...Object.fromEntries(stepNames.map((step) => [`a timeout at ${step}`, () => waitAtStep(step)])),
  ...Object.fromEntries(
    (['weak-challenge', 'clear', 'tls-only'] as const).flatMap((kind) =>
      [undefined, 'name an https URL'].map((instead) => [
        `a login of the kind ${kind}${instead === undefined ? '' : ' with an alternative'}`,
        () => assessAsProblem(kind, instead),
      ]),
    ),
  ),
  ...Object.fromEntries(
    [...sourceProblems, 'unavailable' as const].map((code) => [
      `a test that fails with ${code}`,
      () => createTestProblem(code),
    ]),
  ),
  ...Object.fromEntries(
    ['ENOTFOUND', 'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'CERT_HAS_EXPIRED'].map((code) => [
      `a source with ${code}`,
      () => toSourceProblem(toCoded(code), noFailure),
    ]),
  ),
}; // prettier-ignore

const assessAsProblem = (kind: 'weak-challenge' | 'clear' | 'tls-only', instead: string | undefined) => {
  const login = { name: 'MD5', kind, manual: '', ...(instead !== undefined && { instead }) };
  return catchProblem(() => {
    const warning = assessLogin(login, { encrypted: false, inClear: false });
    // A warning is shown as the remediation of its step.
    throw new Problem(warning?.code ?? 'internal', undefined, warning);
  });
};

/** What the four APIs answer with each problem code, and with each problem of `problemsByCause`. */
export const listPublishedFailures = async (): Promise<Readonly<Record<string, unknown>>> => {
  const byCode = problemCodes
    .filter((code) => !ownCodes.has(code))
    .map((code) => [code, renderByApi(new Problem(code))] as const);
  const byCause = await Promise.all(
    Object.entries(problemsByCause).map(
      async ([cause, provoke]) => [cause, renderByApi(await provoke())] as const,
    ),
  );
  return Object.fromEntries([...byCode, ...byCause]);
};
