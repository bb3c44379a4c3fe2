import fc from 'fast-check';
import * as v from 'valibot';
import { isSecretField } from '../../../shared/connectors/input/fields.ts';
import { connectorTypes, findSample } from '../../contracts/samples.ts';
import type { Token } from './tokens.ts';

/** The number of servers of each kind in a world. */
export const serverCount = 3;

const server = fc.nat({ max: serverCount - 1 });
const host = fc.constantFrom('localhost', '127.0.0.1');
const place = fc.record({ host, server });
const places = fc.array(place, { minLength: 1, maxLength: 2 });
const url = (of: 'own' | 'registry') =>
  fc
    .record({ scheme: fc.constantFrom('http', 'https'), host, server })
    .map((at): Token => ({ $url: { ...at, of } }));

/** Fields that name a destination. Other fields get any value that their schema accepts. */
const fieldsOfPlace: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  host,
  port: server.map((number): Token => ({ $port: number })),
  hosts: places.map((list): Token => ({ $places: list, list: true })),
  bootstrap_servers: places.map((list): Token => ({ $places: list })),
  schema_registry_url: url('registry'),
  endpoint: url('own'),
  srv: fc.constant('nowhere.invalid'),
  bucket: fc.constantFrom('bucket-one', 'bucket-two'),
  account: fc.constantFrom('myorg-one', 'myorg-two'),
  project_id: fc.constantFrom('project-one', 'project-two'),
  http_path: fc.constantFrom('/sql/1.0/warehouses/one', '/sql/1.0/warehouses/two'),
};

/** Each field gets those samples that fit its schema. */
const samples: readonly unknown[] = [
  'one',
  'two',
  'eu-west-1',
  'us-east-1',
  'dbc-one.cloud.databricks.com',
  'dbc-two.cloud.databricks.com',
  '00000000-0000-4000-8000-000000000001',
  'arn:aws:iam::123456789012:role/reader',
  ['one'],
  ['one', 'two'],
  1,
  5,
  true,
];

/** Draws a value that the schema of a connector's field accepts. */
export const valueOf = (name: string, schema: v.GenericSchema): fc.Arbitrary<unknown> => {
  if (isSecretField(schema)) return fc.constant<Token>({ $secret: name });
  const ofPlace = fieldsOfPlace[name];
  if (ofPlace && fits(schema, fc.sample(ofPlace, 1)[0])) return ofPlace;
  const picked = optionsIn(schema);
  const drawn = samples.filter((sample) => v.is(schema, sample));
  const known = picked ?? (drawn.length > 0 ? drawn : findSampleValues(name, schema));
  if (known.length === 0)
    throw new Error(
      `No value is known that the field ${name} would take: add one here, or to the config of a contract sample`,
    );
  return fc.constantFrom(...known);
};

/** The values that contract samples have for a field. */
const findSampleValues = (name: string, schema: v.GenericSchema): readonly unknown[] =>
  connectorTypes.map((type) => findSample(type).config[name]).filter((value) => v.is(schema, value));

/** A token can be checked against a schema only after it is resolved. */
const fits = (schema: v.GenericSchema, sample: unknown) =>
  (typeof sample === 'object' && sample !== null) || v.is(schema, sample);

const unwrapped = (schema: v.GenericSchema): v.GenericSchema =>
  'wrapped' in schema ? unwrapped(schema.wrapped as v.GenericSchema) : schema; // optional fields wrap theirs

/** The options of a field that accepts only those. */
export const optionsIn = (schema: v.GenericSchema): readonly unknown[] | undefined => {
  const inner = unwrapped(schema);
  return inner.type === 'picklist' && 'options' in inner ? (inner.options as readonly unknown[]) : undefined; // the options of a picklist
};

export const isOptional = (schema: v.GenericSchema): boolean => /optional/.test(schema.type);
