import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Bundle, bundleFunctions } from '../../infra/build/bundle.ts';
import { listPackages, measureBundle } from '../../infra/build/measure-bundle.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { connectors } from '../../shared/connectors/registry.ts';

let dist = '';
let bundles: readonly Bundle[] = [];

beforeAll(async () => {
  dist = await mkdtemp(join(tmpdir(), 'mooring-dist-'));
  bundles = await bundleFunctions(dist);
});

afterAll(() => rm(dist, { recursive: true, force: true }));

const drivers = new Set(
  Object.values<Connector>(connectors).flatMap(({ driver }) => (driver === undefined ? [] : [driver])),
);
const clientsOf: Readonly<Record<string, readonly string[]>> = {
  store: ['@aws-sdk/client-dynamodb'],
  vault: ['@aws-sdk/client-secrets-manager', '@aws-sdk/client-kms'],
  probe: ['@aws-sdk/client-lambda'],
  bus: ['@aws-sdk/client-eventbridge'],
  signing: ['@aws-sdk/client-kms'],
};
const clients = Object.values(clientsOf).flat();
/** The driver of S3 is also the client of a port. */
const listDriversOfPorts = ({ functions }: Bundle): readonly string[] =>
  functions.some(({ uses }) => uses.parking) ? ['@aws-sdk/client-s3'] : [];

describe('bundles', () => {
  test('the probe contains every driver, and another bundle only one that is the client of its port', () => {
    for (const one of bundles) {
      const found = [...listPackages(one)].filter((name) => drivers.has(name));
      expect({ [one.name]: found.toSorted() }).toEqual({
        [one.name]: one.name === 'probe' ? [...drivers].toSorted() : listDriversOfPorts(one),
      });
    }
  });

  test('a driver is imported only dynamically', () => {
    const files = Object.entries(probe().inputs).filter(([file]) => /^(shared|functions)\//.test(file));
    expect(files.length).toBeGreaterThan(100);
    for (const [file, { imports }] of files) {
      const early = imports.filter(
        ({ kind, original = '' }) => kind !== 'dynamic-import' && drivers.has(original),
      );
      expect({ [file]: early }).toEqual({ [file]: [] });
    }
  });

  test.each(Object.entries<Connector>(connectors))(
    'opening a session of %s loads its driver and no other',
    (type, { driver }) => {
      const { outputs } = probe();
      const isSession = (file: string) => outputs[file]?.entryPoint?.endsWith('/session.ts') === true;
      const mine = `shared/connectors/${type}/session.ts`;
      const session = Object.keys(outputs).filter((file) => outputs[file]?.entryPoint === mine);
      expect(session).toHaveLength(1);
      expect(driversIn(outputs, reached(outputs, session))).toEqual(driver === undefined ? [] : [driver]);
      // The path to the session loads no driver, whatever else it imports dynamically.
      const entries = Object.keys(outputs).filter((file) =>
        outputs[file]?.entryPoint?.startsWith('functions/'),
      );
      expect(entries).toHaveLength(3);
      const before = reached(outputs, entries, isSession);
      expect(session.filter((file) => before.has(file))).toEqual(session);
      expect(
        driversIn(
          outputs,
          [...before].filter((file) => !isSession(file)),
        ),
      ).toEqual([]);
    },
  );

  test('only the probe contains code that opens sessions', () => {
    for (const { name, metafile } of bundles) {
      const found = Object.keys(metafile.inputs).filter((file) => file.endsWith('/session.ts'));
      expect({ [name]: found.length > 0 }).toEqual({ [name]: name === 'probe' });
    }
  });

  test('bundles leave out only sessions, so the API can parse connection strings', () => {
    for (const { name, metafile } of bundles) {
      const outside = Object.values(metafile.outputs)
        .flatMap(({ imports }) => imports)
        .filter(({ external, path }) => external && path.startsWith('.') && !path.endsWith('/session.ts'));
      expect({ [name]: outside }).toEqual({ [name]: [] });
    }
  });

  test('a bundle contains the SDK clients of the ports that its functions declare, and no others', () => {
    for (const one of bundles) {
      const declared = one.functions
        .flatMap(({ uses }) => Object.keys(uses))
        .flatMap((port) => clientsOf[port] ?? []);
      const found = [...listPackages(one)].filter((name) => clients.includes(name));
      expect({ [one.name]: found.toSorted() }).toEqual({ [one.name]: [...new Set(declared)].toSorted() });
    }
  });

  test('an API function loads at most 500 KB before its first answer, with its SDK clients included', () => {
    for (const one of bundles.filter(({ name }) => name !== 'probe')) {
      for (const plan of one.functions) {
        const { first } = measureBundle(one, plan);
        expect({ [plan.name]: first <= 500_000 || first }).toEqual({ [plan.name]: true });
        // The smallest of the SDK clients is larger than this.
        const clientsIn = Object.keys(plan.uses).some((port) => port in clientsOf);
        expect({ [plan.name]: first > 150_000 || !clientsIn }).toEqual({ [plan.name]: true });
      }
    }
  });

  test('a probe function is at most 60 KB without the SDK and the drivers', () => {
    const probe = bundles.filter(({ name }) => name === 'probe');
    const weights = probe.flatMap((one) =>
      one.functions.map((plan) => [plan.name, measureBundle(one, plan).entry]),
    );
    expect(weights.length).toBe(3);
    expect(weights.filter(([, entry = 0]) => Number(entry) > 60_000)).toEqual([]);
  });

  test('the documents are in the folder of the function that serves them', async () => {
    const files = await readdir(join(dist, 'meta'));
    expect(files).toEqual(expect.arrayContaining(['openapi.json', 'docs.html', 'index.mjs']));
    expect((await stat(join(dist, 'meta', 'docs.html'))).size).toBeLessThan(5_000_000);
  });

  test.each([
    ['connections/get', 'GET /v1/connections/{id}', 401, 'unauthenticated'],
    ['not-found', '$default', 404, 'not-found'],
    ['meta', 'GET /v1/health', 200, 'ok'],
    ['meta', 'GET /v1/docs', 200, 'SwaggerUIBundle'],
  ])('the bundle of %s answers %s', async (name, routeKey, status, words) => {
    const { statusCode, body } = await answerOf(join(dist, name, 'index.mjs'), routeKey);
    expect(statusCode).toBe(status);
    expect(body).toContain(words);
  });

  test.each([
    'publish/index',
    'deliver/index',
    'sweep/index',
    'probe/test',
    'probe/introspect',
    'probe/credentials',
  ])('%s can be imported from its bundle', async (entry) => {
    const script = `const { handler } = await import(${JSON.stringify(join(dist, `${entry}.mjs`))}); console.log(typeof handler);`;
    expect((await node(script)).trim()).toBe('function');
  });

  test.each([...drivers])('the driver %s can be loaded from the bundle', async (driver) => {
    const probe = bundles.find(({ name }) => name === 'probe');
    const [file = ''] =
      Object.entries(probe?.metafile.outputs ?? {}).find(([, { entryPoint = '' }]) =>
        entryPoint.includes(`node_modules/${driver}/`),
      ) ?? [];
    // An ES module lists its names and has no default export; a class lists none.
    const script = `const module = await import(${JSON.stringify(join(dist, 'probe', file.split('/').at(-1) ?? ''))}); console.log(Reflect.ownKeys(module.default ?? module).length > 1);`;
    expect((await node(script)).trim()).toBe('true');
  });
});

const probe = () => {
  const found = bundles.find(({ name }) => name === 'probe');
  if (!found) throw new Error('there is no probe');
  return found.metafile;
};

type Outputs = Bundle['metafile']['outputs'];

/**
 * Returns these files and all that they import, statically or dynamically. It does not look past files for
 * which `ends` is true.
 */
const reached = (
  outputs: Outputs,
  from: readonly string[],
  ends: (file: string) => boolean = () => false,
): ReadonlySet<string> => {
  const seen = new Set(from);
  for (const file of seen) {
    if (ends(file)) continue;
    for (const { path, external } of outputs[file]?.imports ?? []) if (external !== true) seen.add(path);
  }
  return seen;
};

const driversIn = (outputs: Outputs, files: Iterable<string>): readonly string[] => {
  const some = Object.fromEntries(
    [...files].flatMap((file) => (outputs[file] ? [[file, outputs[file]]] : [])),
  );
  return [...listPackages({ metafile: { inputs: {}, outputs: some } })].filter((name) => drivers.has(name));
};

const answerOf = async (
  file: string,
  routeKey: string,
): Promise<{ readonly statusCode: number; readonly body: string }> => {
  const [method = 'GET', path = '/v1/nothing'] = routeKey.startsWith('$') ? [] : routeKey.split(' ');
  const event = {
    routeKey,
    rawPath: path,
    rawQueryString: '',
    headers: {},
    pathParameters: { id: `conn_${'0'.repeat(32)}` },
    requestContext: { requestId: 'request', http: { method, path } },
    isBase64Encoded: false,
  };
  const script = `
    const { handler } = await import(${JSON.stringify(file)});
    console.error = console.log = console.info = () => {};
    const answer = await handler(${JSON.stringify(event)}, {});
    process.stdout.write('\\n' + JSON.stringify(answer), () => process.exit());`;
  return JSON.parse((await node(script)).trim().split('\n').at(-1) ?? '') as {
    statusCode: number;
    body: string;
  };
};

/** Runs without the environment of this process, as Lambda would. */
const node = async (script: string): Promise<string> => {
  const env = { TABLE_NAME: 'nothing', AWS_REGION: 'eu-central-1' };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env,
    maxBuffer: 10_000_000,
  });
  return stdout;
};
