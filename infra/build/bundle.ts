import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';
import type { Connector } from '../../shared/connectors/connector.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import type { Uses } from '../../shared/ports/ports.ts';
import { buildDocsPage } from './docs-page.ts';
import { type FunctionPlan, planFunctions } from '../stacks/plan-functions.ts';
import { buildOpenapiDocument } from './openapi.ts';
import { measureBundle } from './measure-bundle.ts';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** One folder below `dist/`, with esbuild's metadata. */
export interface Bundle {
  readonly name: string;
  readonly functions: readonly FunctionPlan[];
  readonly metafile: Metafile;
}

/**
 * Bundles every function, or only those of the named bundles, into a folder per bundle. Writes the documents beside the function that
 * serves them.
 */
export const bundleFunctions = async (
  outdir: string,
  only?: readonly string[],
): Promise<readonly Bundle[]> => {
  await rm(outdir, { recursive: true, force: true });
  const wanted = (await planFunctions()).filter((plan) => !only || only.includes(plan.bundle));
  const plans = Map.groupBy(wanted, (plan) => plan.bundle);
  const bundles: Bundle[] = [];
  // One at a time: each build uses all cores, and all builds together need gigabytes of memory.
  for (const [name, functions] of plans) {
    const { metafile } = await build(buildBundleOptions(name, functions, outdir));
    bundles.push({ name, functions, metafile });
  }
  for (const [name, functions] of plans) {
    if (!functions.some(({ uses }) => uses.documents)) continue;
    await writeFile(join(outdir, name, 'openapi.json'), JSON.stringify(await buildOpenapiDocument()));
    await writeFile(join(outdir, name, 'docs.html'), await buildDocsPage());
  }
  return bundles;
};

const buildBundleOptions = (name: string, functions: readonly FunctionPlan[], outdir: string) => {
  const isProbe = name === 'probe';
  return {
    absWorkingDir: projectRoot,
    entryPoints: Object.fromEntries(functions.map(({ entry, source }) => [entry, source])),
    outdir: join(outdir, name),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // For most SDK packages, `main` is CommonJS, which cannot be tree-shaken: the DynamoDB client would be half as large again.
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    // For reading stack traces; the deployed assets exclude them.
    sourcemap: 'external',
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
    // pg tries to load it and works without it.
    external: [
      'pg-native',
      ...(isProbe
        ? listUnusedClients(functions).filter((name) => !driverPackages.includes(name))
        : [...listUnusedClients(functions), ...listExcludedDrivers(functions)]),
    ],
    plugins: isProbe ? [noOptionalModulesPlugin, noParkingPlugin] : [noSessionsPlugin],
    banner: { js: commonJsBanner },
  } as const satisfies Parameters<typeof build>[0];
};

/** Defines what CommonJS modules expect and ES modules do not have. */
const commonJsBanner =
  "import{createRequire as $require}from'node:module';import{fileURLToPath as $path}from'node:url';" +
  'const require=$require(import.meta.url),__filename=$path(import.meta.url),__dirname=import.meta.dirname;';

const driverPackages = [
  ...new Set(
    Object.values<Connector>(connectors).flatMap(({ driver }) =>
      driver === undefined ? [] : [driver, `${driver}/*`],
    ),
  ),
];

/** The SDK clients behind each port. */
const sdkClientsByPort: { readonly [K in keyof Uses]: readonly string[] } = {
  store: ['@aws-sdk/client-dynamodb'],
  vault: ['@aws-sdk/client-secrets-manager', '@aws-sdk/client-kms'],
  probe: ['@aws-sdk/client-lambda'],
  bus: ['@aws-sdk/client-eventbridge'],
  parking: ['@aws-sdk/client-s3'],
  signing: ['@aws-sdk/client-kms'],
};

/** The driver of S3 is also the client of a port. */
const listExcludedDrivers = (functions: readonly FunctionPlan[]): readonly string[] =>
  functions.some(({ uses }) => uses.parking)
    ? driverPackages.filter((name) => !sdkClientsByPort.parking?.some((client) => name.startsWith(client)))
    : driverPackages;

/** Clients of undeclared ports are not bundled; importing one fails at run time. */
const listUnusedClients = (functions: readonly FunctionPlan[]): readonly string[] => {
  const isUsed = (port: string) => functions.some(({ uses }) => port in uses);
  // Two ports may need the same client.
  const used = Object.entries(sdkClientsByPort).flatMap(([port, packages]) => (isUsed(port) ? packages : []));
  return Object.values(sdkClientsByPort)
    .flat()
    .filter((client) => !used.includes(client));
};

/** Connectors load their sessions by dynamic import. Functions behind the API do not contain that code at all. */
const noSessionsPlugin: Plugin = {
  name: 'without-sessions',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\./ }, ({ kind, importer, path }) =>
      kind === 'dynamic-import' && importer.includes('/shared/connectors/') && path.endsWith('/session.ts')
        ? { path, external: true }
        : undefined,
    ),
};

/**
 * Excludes modules that drivers load only for features that Mooring never uses. For MongoDB: logins with the function's own AWS identity,
 * proxies and compression, some of which are installed for other packages. For Databricks: compression and its second driver, which is
 * native code. For Snowflake: uploads of files to S3, which would load another connector's driver.
 */
const noOptionalModulesPlugin: Plugin = {
  name: 'without-options',
  setup: ({ onResolve }) =>
    onResolve(
      {
        filter:
          /^(@aws-sdk\/|@mongodb-js\/zstd|aws4|gcp-metadata|kerberos|mongodb-client-encryption|snappy|socks|lz4-napi|\.\.\/\.\.\/native\/kernel$)/,
      },
      ({ importer, path }) =>
        /\/node_modules\/(mongodb|@databricks\/sql)\//.test(importer) ||
        (path === '@aws-sdk/client-s3' && importer.includes('/node_modules/snowflake-sdk/'))
          ? { path: path.replace(/^[./]+/, '@databricks/sql/'), external: true }
          : undefined,
    ),
};

/** The probe has no parking, whose client is the driver of a connector. */
const noParkingPlugin: Plugin = {
  name: 'without-parking',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/aws-parking\.ts$/ }, () => ({
      path: 'parking-is-not-bundled',
      external: true,
    })),
};

const toKilobytes = (sizes: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(sizes).map(([name, bytes]) => [`${name} (KB)`, Math.round(bytes / 100) / 10]),
  );

if (import.meta.main) {
  const rows = (await bundleFunctions(join(projectRoot, 'dist'))).flatMap((bundled) =>
    bundled.functions.map((plan) => {
      return { function: plan.name, ...toKilobytes({ ...measureBundle(bundled, plan) }) };
    }),
  );
  console.table(rows);
}
