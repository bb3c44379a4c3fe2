import { avroFields } from '../../shared/connectors/kafka/avro.ts';
import { columnsOf } from '../../shared/connectors/kafka/field.ts';
import type { SchemaText } from '../../shared/connectors/kafka/field.ts';
import { jsonFields } from '../../shared/connectors/kafka/json-schema.ts';
import { protobufFields } from '../../shared/connectors/kafka/protobuf.ts';

export const readers = { avro: avroFields, json: jsonFields, protobuf: protobufFields };

export const schema = (text: unknown, references: Readonly<Record<string, unknown>> = {}): SchemaText => ({
  text: typeof text === 'string' ? text : JSON.stringify(text),
  references: new Map(Object.entries(references).map(([name, other]) => [name, schema(other)])),
});

/** What a reader says, a line to a column. */
export const told = (language: keyof typeof readers, text: unknown, references = {}) =>
  columnsOf(readers[language](schema(text, references))).map(
    ({ name, type, kind, nullable }) => `${name}: ${type} ${kind}${nullable ? '?' : ''}`,
  );

export const record = (name: string, fields: readonly object[], more: object = {}) => ({
  type: 'record',
  name,
  fields,
  ...more,
});
