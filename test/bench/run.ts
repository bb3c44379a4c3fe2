#!/usr/bin/env node
import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Bench, Row } from './bench.ts';

const help = `npm run bench -- [NAME…] [--large] [--no-peers]

Runs all benchmarks, or the named ones, and prints a table for each. --large adds the largest catalogs,
--no-peers leaves out other tools. Names: the files test/bench/NAME.bench.ts.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    large: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: true },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit();
}

const table = (rows: readonly Row[]): string => {
  const names = Object.keys(rows[0] ?? {});
  const lines = [names, ...rows.map((row) => names.map((name) => `${row[name] ?? ''}`))];
  const widths = names.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const isNumber = names.map((name) => rows.some((row) => typeof row[name] === 'number'));
  const padded = (text: string, i: number) =>
    isNumber[i] ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0);
  const [head = '', ...body] = lines.map((line) => `| ${line.map(padded).join(' | ')} |`);
  const rule = `| ${widths.map((width, i) => `${'-'.repeat(width - 1)}${isNumber[i] ? ':' : '-'}`).join(' | ')} |`;
  return [head, rule, ...body].join('\n');
};

const files = (await readdir(import.meta.dirname)).filter((file) => file.endsWith('.bench.ts')).sort();
for (const file of files) {
  const { bench }: { readonly bench?: Bench } = await import(`./${file}`);
  if (!bench) {
    process.stderr.write(`${file} exports no bench: skipped\n`);
    continue;
  }
  if (positionals.length > 0 && !positionals.includes(bench.name)) continue;
  process.stderr.write(`${bench.name} …\n`);
  const rows = await bench.run({ large: values.large, peers: values.peers });
  process.stdout.write(`\n## ${bench.name}\n\n${table(rows)}\n`);
}
