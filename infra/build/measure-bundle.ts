import type { Metafile } from 'esbuild';
import type { Uses } from '../../shared/ports/ports.ts';
import type { FunctionPlan } from '../stacks/plan-functions.ts';

export interface BundleSize {
  /** Bytes of the entry and everything that it imports, without the AWS SDK: what is loaded before any port. */
  readonly entry: number;
  /** Bytes that are loaded before the first answer: the entry and its declared ports, with their SDK clients. */
  readonly first: number;
  /** Bytes that are loaded only in some cases: tokens, other credential providers, dialling, drivers. */
  readonly late: number;
}

/** Measures how much code one function of a bundle loads, from esbuild's metadata. */
export const measureBundle = (
  { metafile }: { readonly metafile: Metafile },
  { source, uses }: FunctionPlan,
): BundleSize => {
  const outputs = listCodeOutputs(metafile);
  const collectLoaded = (...modules: readonly string[]) =>
    collectImports(
      outputs,
      [...outputs.keys()].filter((file) => modules.includes(outputs.get(file)?.entryPoint ?? '')),
    );
  const first = collectLoaded(source, ...listPortModules(uses));
  const late = [...outputs.keys()].filter((file) => !first.has(file));
  const measureFiles = (files: Iterable<string>) =>
    sumBytes([...files].map((file) => outputs.get(file)?.bytes ?? 0));
  return {
    entry: sumBytes([...collectLoaded(source)].map((file) => measureOwnBytes(outputs.get(file)))),
    first: measureFiles(first),
    late: measureFiles(late),
  };
};

/** All packages whose code a bundle contains. */
export const listPackages = ({ metafile }: { readonly metafile: Metafile }): ReadonlySet<string> =>
  new Set(
    [...listCodeOutputs(metafile).values()].flatMap(({ inputs }) =>
      Object.entries(inputs)
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .flatMap(([file]) => parsePackageName(file) ?? []),
    ),
  );

type BundleOutput = Metafile['outputs'][string];

const listCodeOutputs = ({ outputs }: Metafile): ReadonlyMap<string, BundleOutput> =>
  new Map(Object.entries(outputs).filter(([file]) => file.endsWith('.mjs')));

/** The modules that the composition root (`shared/runtime/aws-runtime.ts`) imports for the ports. */
const listPortModules = (uses: Uses): readonly string[] =>
  Object.keys(uses).map((port) =>
    port === 'documents' ? 'shared/runtime/file-documents.ts' : `shared/runtime/aws-${port}.ts`,
  );

const collectImports = (
  outputs: ReadonlyMap<string, BundleOutput>,
  from: readonly string[],
): ReadonlySet<string> => {
  const seen = new Set<string>();
  const pending = [...from];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const { imports = [] } = outputs.get(file) ?? {};
    pending.push(...imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path));
  }
  for (const file of seen) if (!outputs.has(file)) seen.delete(file);
  return seen;
};

const parsePackageName = (file: string) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];

/** Bytes without the AWS SDK and the packages that only the SDK uses. */
const measureOwnBytes = (output: BundleOutput | undefined): number =>
  sumBytes(
    Object.entries(output?.inputs ?? {})
      .filter(
        ([file]) =>
          !/^(@aws-sdk\/|@aws\/|@smithy\/|bowser$|mnemonist$|obliterator$)/.test(
            parsePackageName(file) ?? '',
          ),
      )
      .map(([, { bytesInOutput }]) => bytesInOutput),
  );

const sumBytes = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
