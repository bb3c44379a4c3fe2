import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';

interface Page {
  readonly file: string;
  readonly text: string;
}

const readPages = async (): Promise<readonly Page[]> => {
  const pages: Page[] = [];
  for await (const file of glob('{*.md,.github/**/*.md,{docs,shared,functions,infra,test}/**/*.md}'))
    pages.push({ file, text: await readFile(file, 'utf8') });
  return pages;
};

/** The anchor that GitHub gives to a heading. */
const toAnchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

const listAnchors = ({ text }: Page): readonly string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => toAnchor(heading));

const findDeadLinks = (pages: readonly Page[]): readonly string[] =>
  pages.flatMap(({ file, text }) =>
    [...text.matchAll(/\]\((?!https?:)([^)\s#]*)(?:#([^)\s]*))?\)/g)].flatMap(
      ([, path = '', anchor = '']) => {
        const target = path === '' ? file : join(dirname(file), path);
        if (!existsSync(target)) return [`${file}: ${path}`];
        const page = pages.find((each) => each.file === target);
        return anchor === '' || (page && listAnchors(page).includes(anchor))
          ? []
          : [`${file}: ${path}#${anchor}`];
      },
    ),
  );

const findDeadPaths = (pages: readonly Page[]): readonly string[] =>
  pages.flatMap(({ file, text }) =>
    [...text.matchAll(/`((?:shared|functions|infra|test|docs)\/[\w./-]+)`/g)].flatMap(([, path = '']) =>
      existsSync(path) ? [] : [`${file}: ${path}`],
    ),
  );

test('every relative link of the documentation leads to a page and a heading that exist', async () => {
  const pages = await readPages();
  expect(pages.length).toBeGreaterThan(40);
  expect(findDeadLinks(pages)).toEqual([]);
});

test('every path of the repository that the documentation names exists', async () => {
  expect(findDeadPaths(await readPages())).toEqual([]);
});
