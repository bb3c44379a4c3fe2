import { toKafkaColumns, createSchemaReading } from '../../shared/connectors/kafka/schema-fields.ts';
import type { SchemaText } from '../../shared/connectors/kafka/schema-fields.ts';
import { readers } from '../connectors/kafka-schema-readers.ts';

/** Schemas by name, each with the names of the schemas that it references. */
export type Corpus = Readonly<
  Record<string, { readonly text: string; readonly references: readonly string[] }>
>;

/** The reading of another reader: one line for each column, or that the schema is invalid. */
export type Answers = Readonly<
  Record<
    string,
    { readonly columns?: readonly string[]; readonly error?: string; readonly unresolved?: boolean }
  >
>;

export interface Difference {
  readonly schema: string;
  readonly ours: string;
  readonly theirs: string;
}

/**
 * Finds every column that the two readers describe differently, and every column or gap that only one of them
 * reports.
 */
export const compareSchemas = (
  language: keyof typeof readers,
  corpus: Corpus,
  answers: Answers,
): { readonly schemas: number; readonly columns: number; readonly differences: readonly Difference[] } => {
  const differences: Difference[] = [];
  let columns = 0;
  let schemas = 0;
  for (const schema of Object.keys(corpus)) {
    const { columns: theirs = [], error, unresolved = false } = answers[schema] ?? { error: 'no answer' };
    if (error !== undefined) continue;
    const reading = createSchemaReading();
    const ours = readLines(language, assemble(schema, corpus), reading);
    const say = (mine: string, other: string) => differences.push({ schema, ours: mine, theirs: other });
    schemas += 1;
    columns += theirs.length;
    const [mine, others] = [byName(ours), byName(theirs)];
    for (const [name, line] of mine) {
      const other = others.get(name) ?? 'nothing';
      if (!isSame(language, line, other)) say(line, other);
    }
    for (const [name, line] of others) if (!mine.has(name)) say('nothing', line);
    const gaps = [...reading.missing.keys()].filter((gap) => gap !== 'tooLarge').join(', ');
    if ((gaps !== '') !== unresolved) say(`left out: ${gaps}`, unresolved ? 'unresolved' : 'all there');
  }
  return { schemas, columns, differences };
};

const readLines = (
  language: keyof typeof readers,
  text: SchemaText,
  reading: ReturnType<typeof createSchemaReading>,
): readonly string[] => {
  try {
    return toKafkaColumns(readers[language](text, reading), reading).map(
      ({ name, type, kind, nullable }) => `${name}: ${type} ${kind}${nullable ? '?' : ''}`,
    );
  } catch (error) {
    return [`thrown: ${String(error)}`];
  }
};

const assemble = (name: string, corpus: Corpus, made = new Map<string, SchemaText>()): SchemaText => {
  const known = made.get(name);
  if (known) return known;
  const { text, references } = corpus[name] ?? { text: '', references: [] };
  const into = new Map<string, SchemaText>();
  const schema = { text, references: into };
  made.set(name, schema);
  for (const reference of references) into.set(reference, assemble(reference, corpus, made));
  return schema;
};

const byName = (lines: readonly string[]): ReadonlyMap<string, string> =>
  new Map(lines.map((line) => [line.slice(0, line.indexOf(': ')), line]));

/** A Protobuf name may be written without its package and outer messages. */
const isSame = (language: keyof typeof readers, ours: string, theirs: string): boolean => {
  if (ours === theirs) return true;
  if (language !== 'protobuf') return false;
  const [, place, name, end] = /^(.*?: (?:repeated |map<\w+, )?)([\w.]+)(.*)$/.exec(ours) ?? [];
  return (
    place !== undefined &&
    theirs.startsWith(place) &&
    theirs.endsWith(`.${name}${end}`) &&
    /^[\w.]*$/.test(theirs.slice(place.length, -`.${name}${end}`.length))
  );
};
