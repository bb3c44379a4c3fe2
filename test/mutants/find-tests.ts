import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';

/** The test files that should notice a change of a source file: of its name, or importing it; and those that use it through the API. */
export const findTests = (
  root: string,
  file: string,
): { near: readonly string[]; far: readonly string[] } => {
  const all = globSync('test/**/*.test.ts', { cwd: root });
  const name = basename(file, '.ts');
  const near = all.filter((test) => basename(test, '.test.ts') === name || imports(root, test).has(file));
  const through = all.filter((test) => test.startsWith('test/functions/'));
  return { near: near.toSorted(), far: through.filter((test) => !near.includes(test)).toSorted() };
};

const imports = (root: string, test: string): ReadonlySet<string> =>
  new Set(
    [...readFileSync(join(root, test), 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, path = '']) =>
      normalize(join(dirname(test), path)),
    ),
  );
