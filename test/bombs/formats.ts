import { avro } from './avro/bombs.ts';
import type { Format } from './bomb.ts';
import { bson } from './bson/bombs.ts';
import { csv } from './csv/bombs.ts';
import { gzip } from './gzip/bombs.ts';
import { jsonSchema } from './json-schema/bombs.ts';
import { json } from './json/bombs.ts';
import { kafka } from './kafka/bombs.ts';
import { mysql } from './mysql/bombs.ts';
import { parquet } from './parquet/bombs.ts';
import { postgresql } from './postgresql/bombs.ts';
import { protobuf } from './protobuf/bombs.ts';
import { registry } from './registry/bombs.ts';
import { snappy } from './snappy/bombs.ts';
import { snowflake } from './snowflake/bombs.ts';
import { tds } from './tds/bombs.ts';
import { thrift } from './thrift/bombs.ts';
import { ttc } from './ttc/bombs.ts';
import { xml } from './xml/bombs.ts';
import { zstd } from './zstd/bombs.ts';

/** Every format that a source can send and that a parser of Mooring or of a driver reads. */
export const formats: Readonly<Record<string, Format>> = {
  parquet,
  csv,
  json,
  gzip,
  zstd,
  snappy,
  xml,
  avro,
  'json-schema': jsonSchema,
  protobuf,
  registry,
  kafka,
  bson,
  postgresql,
  mysql,
  tds,
  ttc,
  thrift,
  snowflake,
};
