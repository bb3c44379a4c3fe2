import { makeAvro } from './render-avro.ts';
import { makeJson } from './render-json.ts';
import { makeProtobuf } from './render-protobuf.ts';

/** At least a hundred generated schemas in each language. */
export const corpora = { avro: makeAvro, json: makeJson, protobuf: makeProtobuf };
