import { makeAvro } from './render-avro.ts';
import { makeJson } from './render-json.ts';
import { makeProtobuf } from './render-protobuf.ts';

/** At least a hundred schemas of each language, written by these scripts. */
export const corpora = { avro: makeAvro, json: makeJson, protobuf: makeProtobuf };
