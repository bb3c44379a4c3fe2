import { createHash } from 'node:crypto';
import { endpoint as notFound } from '../../functions/not-found.ts';
import { createLocalRuntime } from '../../shared/runtime/local-runtime.ts';
import type { Runtime } from '../../shared/runtime/runtime.ts';
import { findSweepObstacle } from '../../shared/domain/credentials/sweep-secrets.ts';
import { createApiKey, createApiKeySecret } from '../../shared/domain/access/api-keys.ts';
import { apiScopes } from '../../shared/http/authenticate.ts';
import { createHandler } from '../../shared/http/handler.ts';
import { createLog, type Log } from '../../shared/log.ts';
import type { Documents } from '../../shared/ports/documents.ts';
import type { ApiName } from '../../shared/settings.ts';
import { buildDocsPage } from '../build/docs-page.ts';
import { loadRoutes } from '../build/load-routes.ts';
import { buildOpenapiDocument } from '../build/openapi.ts';
import { type Backing, openFolderBacking } from './backing.ts';
import { renderCurlLines, localOrg, chooseDemoRegistration } from './banner.ts';
import { type Demo, openDemo } from './demo.ts';
import { createLocalDelivery } from './deliver-locally.ts';
import { openLocalProbe } from './local-probe.ts';
import { createRouter } from './router.ts';
import { type GatewayHandler, openLocalServer } from './local-server.ts';
import { LocalApiKey, type LocalSettings } from './local-settings.ts';
import { renderStatusLines } from './status-lines.ts';
import { runBackfill } from '../../functions/backfill.ts';
import { type RepeatByMinute, repeatByMinute, scheduleMinutes } from './schedule-minutes.ts';
import type { StoreEvent } from '../../shared/ports/store.ts';
import { openStateFolder, type StateFolder } from './state-folder.ts';
import { type RepeatWork, repeatByTimer, sweepDaily } from './sweep-daily.ts';

/** A complete Mooring on this machine. It runs until it is disposed of. */
export interface LocalDeployment extends AsyncDisposable {
  readonly address: string;
  readonly apiKey: string;
  /** Four commands to try it. */
  readonly lines: readonly string[];
  readonly notes: readonly string[];
}

interface LocalOptions {
  readonly repeat?: RepeatWork;
  readonly repeatMinutes?: RepeatByMinute;
  /** Shows a line to the person at the terminal. */
  readonly print?: (line: string) => void;
}

const printLine = (line: string) => void process.stdout.write(`${line}\n`);

export const startLocalDeployment = async (
  settings: LocalSettings,
  writeLog?: (line: string) => void,
  {
    repeat = repeatByTimer,
    repeatMinutes = repeatByMinute,
    print = writeLog ? () => undefined : printLine,
  }: LocalOptions = {},
): Promise<LocalDeployment> => {
  const log = createLog({ function: 'npm start' }, writeLog);
  const loaded = Promise.withResolvers<ReturnType<typeof createRouter<GatewayHandler>>>();
  loaded.promise.catch(() => undefined); // waiting requests get the error, and so does the caller
  await using stack = new AsyncDisposableStack();
  const state = stack.use(openStateFolder(settings.folder));
  const server = stack.use(
    await openLocalServer({
      port: settings.port,
      find: loaded.promise,
      failed: (error) => log.error('request failed', error),
    }),
  );
  try {
    const backing = stack.use(await openBacking(settings, state));
    const probe = stack.use(openLocalProbe({ ...backing, policy: settings.policy, writeLog }));
    const [demo, handlers] = await Promise.all([
      openDemoIfWanted(settings, state, log),
      loadHandlers(settings.settings.apis, () => runtime),
    ]);
    if (demo) stack.use(demo);
    const runtime = createLocalRuntime({
      store: backing.store,
      vault: backing.vault,
      signing: backing.signing,
      queue: backing.queue,
      documents: createLazyDocuments(),
      probe,
      settings: settings.settings,
      clock: Date.now,
      ...(writeLog && { writeLog }),
    });
    const apiKey = settings.apiKey ?? (await state.keep('api-key', LocalApiKey, createApiKeySecret));
    const id = `key_local_${createHash('sha256').update(settings.folder).digest('hex').slice(0, 16)}`;
    await createApiKey(
      backing.store,
      { org: localOrg, name: 'npm start', scopes: apiScopes },
      { secret: apiKey, now: Date.now(), id },
    );
    const onChange = (change: StoreEvent) => {
      if (!settings.quiet) for (const line of renderStatusLines(change)) print(line);
    };
    const deliver = createLocalDelivery(runtime, settings.policy);
    stack.use(await backing.follow({ probe, settings: settings.settings, deliver, log, onChange }));
    const backfilled = runBackfill(runtime, { budgetMs: Infinity, passes: 1 });
    backfilled.catch((error: unknown) => log.error('slot backfill failed', error));
    stack.use(scheduleMinutes({ runtime, clock: Date.now, repeat: repeatMinutes }));
    const sweepLog = createLog({ function: 'sweep' }, writeLog);
    const obstacle = settings.sweep ? await findStartObstacle(backing, sweepLog) : undefined;
    if (settings.sweep) stack.use(sweepDaily(backing, sweepLog, repeat));
    loaded.resolve(handlers);
    probe.warm();
    const address = `http://localhost:${server.port}`;
    const request = await chooseDemoRegistration(backing.store, demo, Date.now());
    const kept = stack.move();
    return {
      address,
      apiKey,
      lines: renderCurlLines(address, apiKey, request),
      notes: [...listDemoNotes(settings, demo), ...(obstacle === undefined ? [] : [`${obstacle}\n`])],
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

const listDemoNotes = (settings: LocalSettings, demo: Demo | undefined): readonly string[] => {
  if (demo) return [];
  return [settings.demo ? demoFailedNote : noDemoNote];
};

/** Reported at the start, because later the terminal may not be watched. */
const findStartObstacle = ({ store, vault }: Backing, log: Log): Promise<string | undefined> =>
  findSweepObstacle({ store, vault, clock: Date.now, log }).catch((error: unknown) => {
    log.error('store and vault comparison failed', error);
    return undefined;
  });

const ownSettingsNote = 'Replace the settings in the first command with those of your own database.\n';
const noDemoNote = `The demo database is off (MOORING_DEMO=off). ${ownSettingsNote}`;
const demoFailedNote = `The demo database did not start: see the log. MOORING_DEMO=off turns it off. ${ownSettingsNote}`;

const openBacking = async ({ aws }: LocalSettings, { folder }: StateFolder) => {
  if (!aws) return openFolderBacking(folder);
  const { openAwsBacking } = await import('./aws-backing.ts');
  return openAwsBacking(aws, folder);
};

/** The server also works without the demo database. */
const openDemoIfWanted = async (
  { demo }: LocalSettings,
  state: StateFolder,
  log: Log,
): Promise<Demo | undefined> => {
  if (!demo) return undefined;
  try {
    return await openDemo(state);
  } catch (error) {
    log.error('demo database start failed', error);
    return undefined;
  }
};

const loadHandlers = async (apis: readonly ApiName[], runtime: () => Runtime) => {
  const handlers = new Map<string, GatewayHandler>();
  for (const { key, endpoint } of await loadRoutes(apis)) handlers.set(key, createHandler(endpoint, runtime));
  return createRouter<GatewayHandler>(handlers, createHandler(notFound, runtime));
};

/** Builds each document at its first request. */
const createLazyDocuments = (): Documents => {
  let json: Promise<string> | undefined;
  let page: Promise<string> | undefined;
  return {
    openapi: () => (json ??= buildOpenapiDocument().then((document) => JSON.stringify(document))),
    page: () => (page ??= buildDocsPage()),
  };
};
