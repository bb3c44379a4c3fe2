import { existsSync, globSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { type ModuleFacts, readModule } from './read-module.ts';

/** How readable the code is, in figures. */
export interface Counts {
  readonly files: number;
  readonly lines: number;
  /** Functions named `…Of`, each with its file. */
  readonly functionsNamedOf: readonly string[];
  /** Names that three files or more declare, each with the number of files. */
  readonly repeatedNames: ReadonlyMap<string, number>;
  readonly nestedTernaries: number;
  /** Circles of imports, those of types included: each the files that can reach one another. */
  readonly circles: readonly (readonly string[])[];
  readonly largestFiles: readonly { readonly file: string; readonly lines: number }[];
  /** Folders of `shared/` that say nowhere what belongs in them. */
  readonly foldersWithoutReadme: readonly string[];
  /** Folders of `shared/` with more than 15 files at one level, those of connectors left out. */
  readonly crowdedFolders: ReadonlyMap<string, number>;
  /** Lines of `shared/connectors`, and of its folders of connectors. Contract samples are left out, because only tests load them. */
  readonly connectorLines: { readonly all: number; readonly folders: number };
}

const MAX_FILE_LINES = 250;
const MAX_FOLDER_FILES = 15;
/** Each file of `functions/` has the first three, and each connector's folder has the last. */
const conventional = new Set(['endpoint', 'handler', 'uses', 'contractSample']);

/** Reads `functions`, `shared` and `infra`. */
export const readModules = (): readonly ModuleFacts[] =>
  ['functions', 'shared', 'infra'].flatMap((place) => globSync(`${place}/**/*.ts`).sort().map(readModule));

export const countSource = (modules: readonly ModuleFacts[]): Counts => {
  const files = new Map<string, number>();
  for (const { declared } of modules)
    for (const name of declared) if (!conventional.has(name)) files.set(name, (files.get(name) ?? 0) + 1);
  const folders = new Map<string, number>();
  for (const { file } of modules)
    if (file.startsWith('shared/')) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1);
  const inConnectors = modules.filter(
    ({ file }) => file.startsWith('shared/connectors/') && !isContractSample(file),
  );
  const isConnector = (folder: string) =>
    dirname(folder) === 'shared/connectors' && existsSync(join(folder, 'connector.ts'));
  return {
    files: modules.length,
    lines: sumLines(modules),
    functionsNamedOf: modules.flatMap(({ file, functions }) =>
      functions.filter((name) => name.endsWith('Of')).map((name) => `${name} (${file})`),
    ),
    repeatedNames: new Map([...files].filter(([, count]) => count >= 3)),
    nestedTernaries: modules.reduce((sum, { nestedTernaries }) => sum + nestedTernaries, 0),
    circles: findCircles(modules),
    largestFiles: modules.filter(({ lines }) => lines > MAX_FILE_LINES),
    foldersWithoutReadme: [...folders.keys()].filter(
      (folder) => !existsSync(join(folder, 'README.md')) && !isConnector(folder),
    ),
    crowdedFolders: new Map(
      [...folders].filter(([folder, count]) => count > MAX_FOLDER_FILES && !isConnector(folder)),
    ),
    connectorLines: {
      all: sumLines(inConnectors),
      folders: sumLines(inConnectors.filter(({ file }) => isConnector(dirname(file)))),
    },
  };
};

export const isContractSample = (file: string): boolean => file.endsWith('/contract-sample.ts');

const sumLines = (modules: readonly ModuleFacts[]) => modules.reduce((sum, { lines }) => sum + lines, 0);

/** Sets of files that import one another, found by Tarjan's algorithm: https://doi.org/10.1137/0201010 */
const findCircles = (modules: readonly ModuleFacts[]): string[][] => {
  const imports = new Map(
    modules.map(({ file, imports: links }) => [
      file,
      links.map((link) => normalize(join(dirname(file), link))),
    ]),
  );
  const indexes = new Map<string, number>();
  const path: string[] = [];
  const circles: string[][] = [];
  /** Answers the lowest index that the file reaches among those of the present path. */
  const visit = (file: string): number => {
    const index = indexes.size;
    indexes.set(file, index);
    path.push(file);
    let lowest = index;
    for (const other of imports.get(file) ?? []) {
      if (!imports.has(other)) continue;
      const known = indexes.get(other);
      if (known === undefined) lowest = Math.min(lowest, visit(other));
      else if (path.includes(other)) lowest = Math.min(lowest, known);
    }
    if (lowest === index) {
      const circle = path.splice(path.indexOf(file));
      if (circle.length > 1) circles.push(circle.toSorted());
    }
    return lowest;
  };
  for (const file of imports.keys()) if (!indexes.has(file)) visit(file);
  return circles;
};
