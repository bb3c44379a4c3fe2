import type { Corpus } from './compare-schemas.ts';
import { createRandom, makeEntity, type Entity, type Random, type Scalar, type Type } from './model.ts';

const scalars: Readonly<Record<Scalar, object>> = {
  text: { type: 'string' },
  int: { type: 'integer' },
  long: { type: 'integer', format: 'int64' },
  double: { type: 'number' },
  float: { type: 'number', format: 'float' },
  flag: { type: 'boolean' },
  bytes: { type: 'string', contentEncoding: 'base64' },
  day: { type: 'string', format: 'date' },
  time: { type: 'string', format: 'time' },
  moment: { type: 'string', format: 'date-time' },
  money: { type: 'string', pattern: '^\\d+\\.\\d\\d$' },
  uuid: { type: 'string', format: 'uuid' },
};
const drafts: readonly [string | undefined, ...(string | undefined)[]] = [
  undefined,
  'http://json-schema.org/draft-04/schema#',
  'http://json-schema.org/draft-07/schema#',
  'http://json-schema.org/draft-07/schema#',
  'https://json-schema.org/draft/2019-09/schema',
  'https://json-schema.org/draft/2020-12/schema',
];
const oddities: readonly [object, ...object[]] = [
  {},
  { const: 'fixed' },
  { enum: [1, 2, 3] },
  { enum: ['a', null] },
  { type: ['string', 'integer'] },
  { oneOf: [{ type: 'string' }, { type: 'integer' }] },
  { anyOf: [{ const: 'a', title: 'A' }, { const: 'b' }] },
  { type: 'array', items: [{ type: 'string' }, { type: 'integer' }] },
  { type: 'array' },
  { type: 'object', additionalProperties: { type: 'number' } },
  { type: 'string', enum: ['x', 'y'], default: 'x' },
  { allOf: [{ type: 'string' }, { minLength: 1 }] },
  { type: ['integer', 'null'], allOf: [{ type: ['number', 'null'] }] },
];

const renderJson = (file: string, entity: Entity, random: Random): Corpus => {
  const draft = random.pick(drafts);
  const isModern = draft !== undefined && draft.includes('/draft/20');
  const word = isModern ? '$defs' : 'definitions';
  const hasId = random.once(2);
  const base = `https://shop.test/${file}/`;
  const idWord = draft?.includes('04') ? 'id' : '$id';
  const definitions: Record<string, object> = {};
  const apart: Record<string, Corpus[string]> = {};
  const references = new Map<Entity, string>([[entity, '#']]);

  const refer = (one: Entity): string => {
    const known = references.get(one);
    if (known !== undefined) return known;
    const way = random.number(6);
    const isFlat = one.fields.every(({ type }) => type.is === 'scalar');
    if (way === 0 && isFlat) {
      const path = hasId ? `${base}${one.name}.json` : `${file}-${one.name}.json`;
      references.set(one, hasId && random.once(2) ? `${one.name}.json` : path);
      apart[path] = {
        text: JSON.stringify({ ...(draft !== undefined && { $schema: draft }), ...renderObject(one) }),
        references: [],
      };
    } else if (way === 1 && hasId && isFlat) {
      references.set(one, `in/${one.name}`);
      definitions[one.name] = { [idWord]: `${base}in/${one.name}`, ...renderObject(one) };
    } else if (way === 2 && isModern) {
      references.set(one, `#${one.name}`);
      definitions[one.name] = { $anchor: one.name, ...renderObject(one) };
    } else {
      const name = random.once(4) ? `${one.name} of/the shop` : one.name;
      const pointer = name.replaceAll('~', '~0').replaceAll('/', '~1');
      references.set(one, `#/${word}/${encodeURIComponent(pointer)}`);
      definitions[name] = renderObject(one);
    }
    return references.get(one) ?? '#';
  };
  const renderType = (type: Type): object => {
    if (type.is === 'scalar') return random.once(8) ? random.pick(oddities) : scalars[type.scalar];
    if (type.is === 'list') return { type: 'array', items: renderType(type.of) };
    if (type.is === 'map') return { type: 'object', additionalProperties: renderType(type.of) };
    if (type.is === 'enum')
      return random.once(2) ? { enum: type.values } : { type: 'string', enum: type.values };
    const $ref = refer(type.entity);
    const way = random.number(5);
    if (way === 0) return { allOf: [{ $ref }], description: 'What it is here' };
    if (way === 1) return { $ref, required: ['extra'], properties: { extra: { type: 'string' } } };
    if (way === 2 && $ref !== '#')
      return { allOf: [{ $ref }, { properties: { more: { type: 'integer' } } }], required: ['more'] };
    return { $ref };
  };
  const makeNullable = (schema: object): object => {
    if ('type' in schema && typeof schema.type === 'string' && random.once(2))
      return { ...schema, type: [schema.type, 'null'] };
    return random.pick([{ oneOf: [{ type: 'null' }, schema] }, { anyOf: [schema, { type: 'null' }] }]);
  };
  const renderObject = ({ fields }: Entity): object => {
    const properties: Record<string, object | boolean> = {};
    for (const { name, type, isOptional, comment } of fields) {
      const schema = renderType(type);
      const said =
        comment !== undefined && !('$ref' in schema) ? { ...schema, description: comment } : schema;
      properties[name] = isOptional && random.once(2) ? makeNullable(said) : said;
    }
    const required = fields.filter(({ isOptional }) => !isOptional).map(({ name }) => name);
    const whole = { type: 'object', properties, required };
    const way = random.number(8);
    if (way === 0) return { type: 'object', allOf: [{ properties }, { required }] };
    if (way === 1) return { ...whole, oneOf: [pickWay('road', 'km'), pickWay('sea', 'port')] };
    if (way === 2 && draft?.includes('04') !== true)
      return { ...whole, if: { required: ['a'] }, then: { properties: { late: { type: 'boolean' } } } };
    return way === 3 ? { ...whole, additionalProperties: false } : whole;
  };
  const pickWay = (way: string, more: string): object => ({
    properties: { way: { const: way }, [more]: { type: 'number' } },
    required: ['way'],
  });

  const { ...root } = renderObject(entity);
  const text = JSON.stringify({
    ...(draft !== undefined && { $schema: draft }),
    ...(hasId && { [idWord]: `${base}${entity.name}.json` }),
    title: entity.name,
    ...root,
    ...(Object.keys(definitions).length > 0 && { [word]: definitions }),
  });
  return { [`${file}.json`]: { text, references: Object.keys(apart) }, ...apart };
};

/** Makes JSON Schemas as people and tools write them. Every call returns the same ones. */
export const makeJson = (): Corpus => {
  const corpus: Record<string, Corpus[string]> = {};
  for (let seed = 1; seed <= 130; seed += 1) {
    const random = createRandom(seed);
    Object.assign(corpus, renderJson(`s${seed}`, makeEntity(random), random));
  }
  return corpus;
};
