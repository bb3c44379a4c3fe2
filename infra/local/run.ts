import { createHash } from 'node:crypto';
import { endpoint as notFound } from '../../functions/not-found.ts';
import { localRuntime } from '../../shared/adapters/local.ts';
import type { Runtime } from '../../shared/adapters/runtime.ts';
import { findSweepObstacle } from '../../shared/domain/sweep.ts';
import { createApiKey, newSecret } from '../../shared/domain/api-keys.ts';
import { lambda } from '../../shared/http/lambda.ts';
import { createLog, type Log } from '../../shared/log.ts';
import type { Documents } from '../../shared/ports/documents.ts';
import type { ApiName } from '../../shared/settings.ts';
import { docsPage } from '../docs-page.ts';
import { loadRoutes } from '../endpoints.ts';
import { openapi } from '../openapi.ts';
import { type Backing, folderBacking } from './backing.ts';
import { curlLines, localOrg, registration } from './banner.ts';
import { type Demo, openDemo } from './demo.ts';
import { openProbe } from './probe.ts';
import { router } from './router.ts';
import { type Handler, openServer } from './server.ts';
import { ApiKey, type LocalSettings } from './settings.ts';
import { openState, type State } from './state.ts';
import { type Repeat, repeatByTimer, sweepDaily } from './sweep-daily.ts';

/** A complete Mooring on this machine. It runs until it is disposed of. */
export interface Running extends AsyncDisposable {
  readonly address: string;
  readonly apiKey: string;
  /** Four commands to try it. */
  readonly lines: readonly string[];
  readonly notes: readonly string[];
}

export const startLocal = async (
  settings: LocalSettings,
  writeLog?: (line: string) => void,
  repeat: Repeat = repeatByTimer,
): Promise<Running> => {
  const log = createLog({ function: 'npm start' }, writeLog);
  const loaded = Promise.withResolvers<ReturnType<typeof router<Handler>>>();
  loaded.promise.catch(() => undefined); // waiting requests get the error, and so does the caller
  await using stack = new AsyncDisposableStack();
  const state = stack.use(openState(settings.folder));
  const server = stack.use(
    await openServer({
      port: settings.port,
      find: loaded.promise,
      failed: (error) => log.error('failed', error),
    }),
  );
  try {
    const backing = stack.use(await backingOf(settings, state));
    const probe = stack.use(openProbe({ ...backing, policy: settings.policy, writeLog }));
    const [demo, handlers] = await Promise.all([
      demoOf(settings, state, log),
      handlersFor(settings.settings.apis, () => runtime),
    ]);
    if (demo) stack.use(demo);
    const runtime = localRuntime({
      store: backing.store,
      vault: backing.vault,
      documents: documents(),
      probe,
      settings: settings.settings,
      clock: Date.now,
      ...(writeLog && { writeLog }),
    });
    const apiKey = settings.apiKey ?? (await state.keep('api-key', ApiKey, newSecret));
    const id = `key_local_${createHash('sha256').update(settings.folder).digest('hex').slice(0, 16)}`;
    await createApiKey(
      backing.store,
      { org: localOrg, name: 'npm start' },
      { secret: apiKey, now: Date.now(), id },
    );
    stack.use(await backing.follow(probe, settings.settings, log));
    const sweepLog = createLog({ function: 'sweep' }, writeLog);
    const obstacle = settings.sweep ? await obstacleTo(backing, sweepLog) : undefined;
    if (settings.sweep) stack.use(sweepDaily(backing, sweepLog, repeat));
    loaded.resolve(handlers);
    probe.warm();
    const address = `http://localhost:${server.port}`;
    const request = await registration(backing.store, demo, Date.now());
    const kept = stack.move();
    return {
      address,
      apiKey,
      lines: curlLines(address, apiKey, request),
      notes: [...demoNotes(settings, demo), ...(obstacle === undefined ? [] : [`${obstacle}\n`])],
      [Symbol.asyncDispose]: async () => {
        // The server closes first, so that no request loses its dependencies.
        await server[Symbol.asyncDispose]();
        await kept.disposeAsync();
      },
    };
  } catch (error) {
    loaded.reject(error);
    throw error;
  }
};

const demoNotes = (settings: LocalSettings, demo: Demo | undefined): readonly string[] => {
  if (demo) return [];
  return [settings.demo ? demoFailed : withoutDemo];
};

/** Reported at the start, because later the terminal may not be watched. */
const obstacleTo = ({ store, vault }: Backing, log: Log): Promise<string | undefined> =>
  findSweepObstacle({ store, vault, clock: Date.now, log }).catch((error: unknown) => {
    log.error('the store could not be compared with the vault', error);
    return undefined;
  });

const ownSettings = 'put the settings of a database of yours into the first line.\n';
const withoutDemo = `There is no demo database (MOORING_DEMO=off): ${ownSettings}`;
const demoFailed = `The demo database did not start (the log says why): ${ownSettings}`;

const backingOf = async ({ aws }: LocalSettings, { folder }: State) => {
  if (!aws) return folderBacking(folder);
  const { awsBacking } = await import('./aws-backing.ts');
  return awsBacking(aws);
};

/** The server also works without the demo database. */
const demoOf = async ({ demo }: LocalSettings, state: State, log: Log): Promise<Demo | undefined> => {
  if (!demo) return undefined;
  try {
    return await openDemo(state);
  } catch (error) {
    log.error('the demo database did not start; MOORING_DEMO=off leaves it out', error);
    return undefined;
  }
};

const handlersFor = async (apis: readonly ApiName[], runtime: () => Runtime) => {
  const handlers = new Map<string, Handler>();
  for (const { key, endpoint } of await loadRoutes(apis)) handlers.set(key, lambda(endpoint, runtime));
  return router<Handler>(handlers, lambda(notFound, runtime));
};

/** Builds each document at its first request. */
const documents = (): Documents => {
  let json: Promise<string> | undefined;
  let page: Promise<string> | undefined;
  return {
    openapi: () => (json ??= openapi().then((document) => JSON.stringify(document))),
    page: () => (page ??= docsPage()),
  };
};
