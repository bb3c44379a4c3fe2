#!/usr/bin/env node
// npm run counts: how readable the code is, in figures, each beside its goal; --list also names what counts.
import { parseArgs } from 'node:util';
import { countSource, readModules } from './count-source.ts';

const { values } = parseArgs({
  options: {
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(
    'npm run counts -- [--list]\n\nCounts names, import circles and sizes, each with its goal. --list also names what is counted.',
  );
  process.exit();
}
const counts = countSource(readModules());
const repeated = [...counts.repeatedNames]
  .sort(([, a], [, b]) => b - a)
  .map(([name, count]) => `${name} ×${count}`);
const rows: readonly (readonly [string, string, readonly string[]])[] = [
  ['functions named …Of', 'fewer than 20', counts.functionsNamedOf],
  ['names declared in three files or more', 'fewer than 25', repeated],
  ['circles of files', 'none', counts.circles.map((circle) => circle.join(' '))],
  ['files over 250 lines', 'none', counts.largestFiles.map(({ file, lines }) => `${file} (${lines})`)],
  ['folders of shared/ without a README', 'none', counts.foldersWithoutReadme],
  [
    'folders of shared/ with more than 15 files',
    'none but connectors',
    [...counts.crowdedFolders].map(([folder, count]) => `${folder} (${count})`),
  ],
];
const lines: string[] = [];
lines.push(`${counts.files} files, ${counts.lines} lines in functions, shared and infra`);
for (const [what, goal, found] of rows) {
  lines.push(`${String(found.length).padStart(6)}  ${what} (${goal})`);
  if (values.list) for (const each of found) lines.push(`          ${each}`);
}
lines.push(`${String(counts.nestedTernaries).padStart(6)}  nested ternaries (none)`);
const { all, folders } = counts.connectorLines;
lines.push(`${String(folders).padStart(6)}  lines in the folders of connectors (at most 10 700)`);
lines.push(`${String(all).padStart(6)}  lines in shared/connectors (at most 13 000)`);
// One write, so that `| head` ends it quietly.
process.stdout.write(`${lines.join('\n')}\n`);
