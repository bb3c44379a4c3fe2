import type { Metafile } from 'esbuild';
import type { Uses } from '../shared/ports/ports.ts';
import type { Bundle } from './bundle.ts';
import type { FunctionPlan } from './functions.ts';

export interface Weight {
  /** Bytes of the entry and all that it imports, without the modules of the AWS SDK: what is there before any port. */
  readonly entry: number;
  /** Bytes loaded before the first answer: the entry and the ports that it declares, the SDK's clients included. */
  readonly first: number;
  /** What is loaded in other cases only: tokens, other ways to credentials, dialling, drivers. */
  readonly late: number;
}

/** How much one function of a bundle loads, from what esbuild says that it wrote. */
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

/** Every package that a bundle holds code of. */
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

/** What the composition root imports for a port (`shared/adapters/aws.ts`). */
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

/** Without the SDK, and what nothing but the SDK asks for. */
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
