import type { Metafile } from 'esbuild';
import type { Uses } from '../shared/ports/ports.ts';
import type { Bundle } from './bundle.ts';
import type { FunctionPlan } from './functions.ts';

export interface Weight {
  /** Bytes of the entry and everything that it imports, without the AWS SDK: what is loaded before any port. */
  readonly entry: number;
  /** Bytes that are loaded before the first answer: the entry and its declared ports, with their SDK clients. */
  readonly first: number;
  /** Bytes that are loaded only in some cases: tokens, other credential providers, dialling, drivers. */
  readonly late: number;
}

/** Measures how much code one function of a bundle loads, from esbuild's metadata. */
export const weigh = ({ metafile }: Pick<Bundle, 'metafile'>, { source, uses }: FunctionPlan): Weight => {
  const outputs = codeOf(metafile);
  const loadedBy = (...modules: readonly string[]) =>
    closure(
      outputs,
      [...outputs.keys()].filter((file) => modules.includes(outputs.get(file)?.entryPoint ?? '')),
    );
  const first = loadedBy(source, ...portsOf(uses));
  const late = [...outputs.keys()].filter((file) => !first.has(file));
  const bytes = (files: Iterable<string>) => sum([...files].map((file) => outputs.get(file)?.bytes ?? 0));
  return {
    entry: sum([...loadedBy(source)].map((file) => ownBytes(outputs.get(file)))),
    first: bytes(first),
    late: bytes(late),
  };
};

/** All packages whose code a bundle contains. */
export const packagesOf = ({ metafile }: Pick<Bundle, 'metafile'>): ReadonlySet<string> =>
  new Set(
    [...codeOf(metafile).values()].flatMap(({ inputs }) =>
      Object.entries(inputs)
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .flatMap(([file]) => packageOf(file) ?? []),
    ),
  );

type Output = Metafile['outputs'][string];

const codeOf = ({ outputs }: Metafile): ReadonlyMap<string, Output> =>
  new Map(Object.entries(outputs).filter(([file]) => file.endsWith('.mjs')));

/** The modules that the composition root (`shared/adapters/aws-runtime.ts`) imports for the ports. */
const portsOf = (uses: Uses): readonly string[] =>
  Object.keys(uses).map((port) =>
    port === 'documents' ? 'shared/adapters/file-documents.ts' : `shared/adapters/aws-${port}.ts`,
  );

const closure = (outputs: ReadonlyMap<string, Output>, from: readonly string[]): ReadonlySet<string> => {
  const seen = new Set<string>();
  const left = [...from];
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const { imports = [] } = outputs.get(file) ?? {};
    left.push(...imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path));
  }
  for (const file of seen) if (!outputs.has(file)) seen.delete(file);
  return seen;
};

const packageOf = (file: string) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];

/** Bytes without the AWS SDK and the packages that only the SDK uses. */
const ownBytes = (output: Output | undefined): number =>
  sum(
    Object.entries(output?.inputs ?? {})
      .filter(
        ([file]) =>
          !/^(@aws-sdk\/|@aws\/|@smithy\/|bowser$|mnemonist$|obliterator$)/.test(packageOf(file) ?? ''),
      )
      .map(([, { bytesInOutput }]) => bytesInOutput),
  );

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
