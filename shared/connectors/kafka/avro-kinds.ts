import type { Column } from '../catalog.ts';

/** In bytes. */
export const avroFixedSizes: Readonly<Record<string, number>> = { uuid: 16, duration: 12 };

export const avroBaseTypes: Readonly<Record<string, string>> = {
  'big-decimal': 'bytes',
  uuid: 'string',
  date: 'int',
  'time-millis': 'int',
  'time-micros': 'long',
  'timestamp-millis': 'long',
  'timestamp-micros': 'long',
  'timestamp-nanos': 'long',
  'local-timestamp-millis': 'long',
  'local-timestamp-micros': 'long',
  'local-timestamp-nanos': 'long',
};

export const avroPrimitiveKinds: Readonly<Record<string, Column['kind']>> = {
  null: 'other',
  boolean: 'boolean',
  int: 'integer',
  long: 'integer',
  float: 'float',
  double: 'float',
  bytes: 'binary',
  string: 'string',
};

export const avroLogicalKinds: Readonly<Record<string, Column['kind']>> = {
  decimal: 'decimal',
  'big-decimal': 'decimal',
  uuid: 'uuid',
  date: 'date',
  'time-millis': 'time',
  'time-micros': 'time',
  'timestamp-millis': 'timestamp',
  'timestamp-micros': 'timestamp',
  'timestamp-nanos': 'timestamp',
  'local-timestamp-millis': 'timestamp',
  'local-timestamp-micros': 'timestamp',
  'local-timestamp-nanos': 'timestamp',
  duration: 'other',
};
