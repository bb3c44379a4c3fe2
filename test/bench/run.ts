#!/usr/bin/env node
// node test/bench/run.ts [NAME…] [--large] [--no-peers]: runs all benches, or those that are named, and
// prints a table for each.
import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Bench, Row } from './bench.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: { large: { type: 'boolean', default: false }, peers: { type: 'boolean', default: true } },
});

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
    process.stderr.write(`${file} exports no bench: left out\n`);
    continue;
  }
  if (positionals.length > 0 && !positionals.includes(bench.name)) continue;
  process.stderr.write(`${bench.name} …\n`);
  const rows = await bench.run({ large: values.large, peers: values.peers });
  process.stdout.write(`\n## ${bench.name}\n\n${table(rows)}\n`);
}
