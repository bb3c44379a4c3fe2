import type { Corpus } from './compare-schemas.ts';
import { createRandom, makeEntity, type Entity, type Random, type Scalar, type Type } from './model.ts';

const scalars: Readonly<Record<Scalar, unknown>> = {
  text: 'string',
  int: 'int',
  long: 'long',
  double: 'double',
  float: 'float',
  flag: 'boolean',
  bytes: 'bytes',
  day: { type: 'int', logicalType: 'date' },
  time: { type: 'int', logicalType: 'time-millis' },
  moment: { type: 'long', logicalType: 'timestamp-millis' },
  money: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 },
  uuid: { type: 'string', logicalType: 'uuid' },
};

/** Logical types of every kind, logical types that do not fit, and other types that people write. */
const oddities: readonly [unknown, ...unknown[]] = [
  { type: 'long', logicalType: 'timestamp-micros' },
  { type: 'long', logicalType: 'local-timestamp-millis' },
  { type: 'long', logicalType: 'time-micros' },
  { type: 'string', logicalType: 'timestamp-millis' },
  { type: 'int', logicalType: 'of-nobody' },
  { type: 'string', 'avro.java.string': 'String' },
  { type: 'string', connect: { name: 'io.debezium.data.Enum' } },
  ['string', 'null'],
  ['null', 'int', 'string'],
  ['null', { type: 'array', items: ['null', 'string'] }],
];

/**
 * Renders a schema in a random style: where names are defined, how namespaces are given, and whether parts
 * are schemas of their own.
 */
const renderAvro = (entity: Entity, random: Random): Corpus => {
  const space = random.pick(['com.shop', 'io.orders.v1', '']);
  const isApart = space !== '' && random.once(3);
  const defined = new Set<string>();
  const apart: Record<string, { text: string; references: string[] }> = {};

  const renderType = (type: Type): unknown => {
    if (type.is === 'scalar') return random.once(12) ? random.pick(oddities) : scalars[type.scalar];
    if (type.is === 'list') return { type: 'array', items: renderType(type.of) };
    if (type.is === 'map') return { type: 'map', values: renderType(type.of) };
    if (type.is === 'enum')
      return { type: 'enum', name: type.name, symbols: type.values, default: type.values[0] };
    const { name } = type.entity;
    if (defined.has(name)) return random.once(2) && space !== '' ? `${space}.${name}` : name;
    if (!isApart || containsRoot(type.entity)) return renderRecord(type.entity);
    defined.add(name);
    const references: string[] = Object.keys(apart);
    apart[`${space}.${name}`] = { text: JSON.stringify(renderRecord(type.entity, space)), references };
    return `${space}.${name}`;
  };
  const containsRoot = ({ fields }: Entity): boolean =>
    fields.some(({ type }) => type.is === 'enum' || (type.is !== 'scalar' && !isFlat(type)));
  const isFlat = (type: Type): boolean =>
    (type.is === 'list' || type.is === 'map') && type.of.is === 'scalar';
  const renderRecord = ({ name, fields }: Entity, namespace?: string): object => {
    defined.add(name);
    return {
      type: 'record',
      ...(namespace !== undefined && namespace !== '' && random.once(2)
        ? { name: `${namespace}.${name}` }
        : { name, namespace }),
      fields: fields.map((field) => {
        const type = renderType(field.type);
        const rest = { ...(field.comment !== undefined && { doc: field.comment }) };
        if (!field.isOptional || Array.isArray(type)) return { name: field.name, type, ...rest };
        return { name: field.name, type: ['null', type], default: null, ...rest };
      }),
    };
  };

  const text = JSON.stringify(renderRecord(entity, space));
  return { [entity.name]: { text, references: Object.keys(apart) }, ...apart };
};

const single: Readonly<Record<string, unknown>> = {
  'a text': 'string',
  'a record in a choice': ['null', { type: 'record', name: 'R', fields: [{ name: 'a', type: 'int' }] }],
  'a choice of records': ['A', 'B'].map((name) => ({
    type: 'record',
    name,
    fields: [{ name: 'x', type: 'int' }],
  })),
  'a list': { type: 'array', items: { type: 'record', name: 'R', fields: [{ name: 'a', type: 'int' }] } },
  'a map of lists': { type: 'map', values: { type: 'array', items: { type: 'int', logicalType: 'date' } } },
  'fixed decimals': {
    type: 'record',
    name: 'R',
    fields: [
      {
        name: 'a',
        type: { type: 'fixed', name: 'F', size: 8, logicalType: 'decimal', precision: 18, scale: 4 },
      },
      { name: 'b', type: 'F' },
      { name: 'c', type: { type: 'fixed', name: 'Hash', size: 32 } },
    ],
  },
  'names in spaces of their own': {
    type: 'record',
    name: 'a.b.R',
    fields: [
      {
        name: 'one',
        type: { type: 'record', name: 'S', namespace: 'c.d', fields: [{ name: 'x', type: 'int' }] },
      },
      { name: 'two', type: 'c.d.S' },
      { name: 'three', type: { type: 'record', name: 'S', fields: [{ name: 'y', type: ['null', 'R'] }] } },
      { name: 'four', type: 'S' },
      { name: 'five', type: 'a.b.S' },
    ],
  },
  'an envelope of Debezium': {
    type: 'record',
    name: 'Envelope',
    namespace: 'shop.public.orders',
    fields: [
      {
        name: 'before',
        type: [
          'null',
          {
            type: 'record',
            name: 'Value',
            fields: [
              { name: 'id', type: 'int' },
              {
                name: 'at',
                type: {
                  type: 'long',
                  'connect.version': 1,
                  'connect.name': 'io.debezium.time.MicroTimestamp',
                },
              },
              {
                name: 'day',
                type: ['null', { type: 'int', 'connect.name': 'io.debezium.time.Date' }],
                default: null,
              },
            ],
            'connect.name': 'shop.public.orders.Value',
          },
        ],
        default: null,
      },
      { name: 'after', type: ['null', 'Value'], default: null },
      { name: 'op', type: 'string' },
      { name: 'ts_ms', type: ['null', 'long'], default: null },
    ],
  },
};

/** Makes Avro schemas as people and tools write them. Every call returns the same ones. */
export const makeAvro = (): Corpus => {
  const corpus: Record<string, Corpus[string]> = {};
  for (const [name, value] of Object.entries(single))
    corpus[name] = { text: JSON.stringify(value), references: [] };
  for (let seed = 1; seed <= 120; seed += 1) {
    const random = createRandom(seed);
    for (const [name, { text, references }] of Object.entries(renderAvro(makeEntity(random), random)))
      corpus[`${seed}/${name}`] = { text, references: references.map((other) => `${seed}/${other}`) };
  }
  return corpus;
};
