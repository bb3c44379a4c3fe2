import { parseAvroFields } from '../../shared/connectors/kafka/avro.ts';
import { toKafkaColumns, createSchemaReading } from '../../shared/connectors/kafka/schema-fields.ts';
import type { SchemaText } from '../../shared/connectors/kafka/schema-fields.ts';
import { parseJsonSchemaFields } from '../../shared/connectors/kafka/json-schema.ts';
import { parseProtobufFields } from '../../shared/connectors/kafka/protobuf.ts';

export const readers = { avro: parseAvroFields, json: parseJsonSchemaFields, protobuf: parseProtobufFields };

export const buildSchemaText = (
  text: unknown,
  references: Readonly<Record<string, unknown>> = {},
): SchemaText => ({
  text: typeof text === 'string' ? text : JSON.stringify(text),
  references: new Map(Object.entries(references).map(([name, other]) => [name, buildSchemaText(other)])),
});

/** The columns of a schema, one line each, and what is missing from them. */
export const readSchema = (language: keyof typeof readers, text: unknown, references = {}) => {
  const reading = createSchemaReading();
  const columns = toKafkaColumns(readers[language](buildSchemaText(text, references), reading), reading).map(
    ({ name, type, kind, nullable }) => `${name}: ${type} ${kind}${nullable ? '?' : ''}`,
  );
  const missing = Object.fromEntries([...reading.missing].map(([cause, names]) => [cause, [...names]]));
  return { columns, missing };
};

export const renderSchemaColumns = (...asked: Parameters<typeof readSchema>) => readSchema(...asked).columns;

export const record = (name: string, fields: readonly object[], more: object = {}) => ({
  type: 'record',
  name,
  fields,
  ...more,
});
