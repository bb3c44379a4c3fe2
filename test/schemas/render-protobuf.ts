import type { Corpus } from './compare-schemas.ts';
import {
  createRandom,
  makeEntity,
  type Attribute,
  type Entity,
  type Random,
  type Scalar,
  type Type,
} from './model.ts';

const scalars: Readonly<Record<Scalar, readonly [string, ...string[]]>> = {
  text: ['string', 'string', 'google.protobuf.StringValue'],
  int: ['int32', 'sint32', 'uint32', 'fixed32', 'google.protobuf.Int32Value'],
  long: ['int64', 'uint64', 'sfixed64', 'google.protobuf.Int64Value'],
  double: ['double'],
  float: ['float'],
  flag: ['bool', 'google.protobuf.BoolValue'],
  bytes: ['bytes'],
  day: ['google.type.Date'],
  time: ['google.type.TimeOfDay'],
  moment: ['google.protobuf.Timestamp', '.google.protobuf.Timestamp', 'int64'],
  money: ['google.type.Money', 'string'],
  uuid: ['string'],
};
const imports: Readonly<Record<string, string>> = {
  'google.protobuf.Timestamp': 'google/protobuf/timestamp.proto',
  'google.protobuf.StringValue': 'google/protobuf/wrappers.proto',
  'google.protobuf.Int32Value': 'google/protobuf/wrappers.proto',
  'google.protobuf.Int64Value': 'google/protobuf/wrappers.proto',
  'google.protobuf.BoolValue': 'google/protobuf/wrappers.proto',
  'google.type.Date': 'google/type/date.proto',
  'google.type.TimeOfDay': 'google/type/timeofday.proto',
  'google.type.Money': 'google/type/money.proto',
};
const syntaxes: readonly [string, ...string[]] = [
  'syntax = "proto3";',
  'syntax = "proto3";',
  'syntax = "proto2";',
  'edition = "2023";',
  "edition = '2023';\noption features.field_presence = IMPLICIT;",
];
/** Options from `rules.proto` below. */
const options: readonly [string, ...string[]] = [
  '[deprecated = true]',
  '[(rules.field) = { min: 1, max: 10 }]',
  '[(rules.field).name = "a]; b", deprecated = false]',
  '[(rules.field) = { in: ["x", "}"] inner { min: 1 inner: < min: 2 > } }]',
  '[ (rules.field).inner.min = -3 /* ] */ ]',
];
const rules = `syntax = "proto2"; package rules;
import "google/protobuf/descriptor.proto";
message Rule { optional int32 min = 1; optional int32 max = 2; optional string name = 3; repeated string in = 4; optional Rule inner = 5; }
extend google.protobuf.FieldOptions { optional Rule field = 51001; }
extend google.protobuf.MessageOptions { optional Rule message = 51002; }`;

const renderProtobuf = (file: string, entity: Entity, random: Random): Corpus => {
  const syntax = random.pick(syntaxes);
  const isProto2 = syntax.includes('proto2');
  const space = random.pick(['shop.v1', 'shop', '']);
  const isApart = random.once(3);
  const needed = new Set(['rules.proto']);
  const defined = new Set<Entity>();
  const top: string[] = [];
  const apart: Record<string, string> = {};
  let comments = 0;

  const spell = (name: string): string => {
    const full = space === '' ? name : `${space}.${name}`;
    return random.pick([
      name,
      name,
      full,
      `.${full}`,
      full.replaceAll('.', random.pick(['.', ' . ', './* of */'])),
    ]);
  };
  const comment = (text: string | undefined): string => {
    comments += 1;
    return text === undefined
      ? ''
      : random.pick([`// ${text} { not = 1;\n  `, `/* ${text} message No { */ `]);
  };
  const nameType = (type: Type, nested: string[], depth: number): string => {
    if (type.is === 'scalar') {
      const name = random.pick(scalars[type.scalar]);
      const needs = imports[name.replace(/^\./, '')];
      if (needs !== undefined) needed.add(needs);
      return name;
    }
    if (type.is === 'enum') {
      const [first, ...others] = type.values.map((value, at) => `${value} = ${at};`);
      (random.once(2) ? nested : top).push(
        `enum ${type.name} { ${[first, ...others].join(' ')} reserved 9; }`,
      );
      return type.name;
    }
    if (type.is !== 'entity') return 'string';
    const { name } = type.entity;
    if (!defined.has(type.entity)) {
      defined.add(type.entity);
      if (isApart && type.entity.fields.every(({ type: { is } }) => is === 'scalar')) {
        const own = new Set<string>();
        const fields = type.entity.fields.map(({ name: field, type: of }, at) => {
          const spelled = nameType(of, [], depth);
          const needs = imports[spelled.replace(/^\./, '')];
          if (needs !== undefined) own.add(needs);
          return `${spelled} ${field} = ${at + 1};`;
        });
        const path = `${file}/${name.toLowerCase()}.proto`;
        needed.add(path);
        apart[path] = [
          'syntax = "proto3";',
          space === '' ? '' : `package ${space};`,
          ...[...own].map((one) => `import "${one}";`),
          `message ${name} { ${fields.join(' ')} }`,
        ].join('\n');
      } else top.push(renderMessage(type.entity, depth + 1));
    }
    return spell(name);
  };
  const renderField = (field: Attribute, number: number, nested: string[], depth: number): string => {
    const { type } = field;
    const option = random.once(4) ? ` ${random.pick(options)}` : '';
    const end = `${field.name} = ${number}${option};`;
    if (type.is === 'list') return `repeated ${nameType(type.of, nested, depth)} ${end}`;
    if (type.is === 'map')
      return `map < ${random.pick(['string', 'int32', 'int64'])} , ${nameType(type.of, nested, depth)}> ${end}`;
    const spelled = nameType(type, nested, depth);
    if (isProto2) {
      if (random.once(8) && type.is === 'scalar' && !spelled.includes('.'))
        return `optional group Part${number}${depth} = ${number} { required ${spelled} ${field.name} = 1; }`;
      const value = spelled === 'string' && option === '' ? ` [default = "n;o"]` : option;
      return `${field.isOptional ? 'optional' : 'required'} ${spelled} ${field.name} = ${number}${field.isOptional ? value : option};`;
    }
    const canBeOptional = syntax.includes('proto3') && field.isOptional;
    if (
      syntax.includes('edition') &&
      random.once(5) &&
      option === '' &&
      !spelled.includes('.') &&
      type.is === 'scalar'
    )
      return `${spelled} ${field.name} = ${number} [features.field_presence = ${random.pick(['EXPLICIT', 'LEGACY_REQUIRED', 'IMPLICIT'])}];`;
    return `${canBeOptional ? 'optional ' : ''}${spelled} ${end}`;
  };
  const renderMessage = ({ name, fields }: Entity, depth: number): string => {
    const nested: string[] = [];
    const lines = fields.map((field, at) => {
      const line = renderField(field, at + 1, nested, depth);
      const isPlain = field.type.is === 'scalar' && !/^(optional|required|.*features)/.test(line);
      const said = comment(field.comment);
      return isPlain && random.once(6)
        ? `${said}oneof way_${at} { ${line} string other_${at} = ${at + 101}; }`
        : said + line;
    });
    if (random.once(4)) lines.unshift('option (rules.message) = { name: "}" inner { min: 1 } };');
    if (random.once(5))
      lines.push(
        `reserved 900 to 910; reserved ${syntax.includes('edition') ? 'gone, away' : '"gone", "away"'};`,
      );
    return `message ${name} {\n  ${[...lines, ...nested].join('\n  ')}\n}`;
  };

  defined.add(entity);
  const root = renderMessage(entity, 0);
  const text = [
    random.pick(['', '// A file { of the shop\n', '/* message Not { int32 it = 1; } */\n']) + syntax,
    space === '' ? '' : `package ${space.replace('.', random.pick(['.', ' . ']))};`,
    ...[...needed].map((path) => `import "${path}";`),
    'option java_package = "com.shop; message Not {";',
    root,
    ...top,
  ].join('\n');
  const own = {
    [`${file}.proto`]: { text, references: [...needed].filter((path) => !path.startsWith('google/')) },
  };
  const others = Object.entries(apart).map(([path, other]) => [path, { text: other, references: [] }]);
  return { ...own, ...Object.fromEntries(others) };
};

/** Makes Protobuf files as people and tools write them. Every call returns the same ones. */
export const makeProtobuf = (): Corpus => {
  const corpus: Record<string, Corpus[string]> = { 'rules.proto': { text: rules, references: [] } };
  for (const [path, text] of Object.entries(googleTypes)) corpus[path] = { text, references: [] };
  for (let seed = 1; seed <= 120; seed += 1) {
    const random = createRandom(seed);
    Object.assign(corpus, renderProtobuf(`s${seed}`, makeEntity(random), random));
  }
  return corpus;
};

/** Schema registries have these types built in, protoc does not. */
const googleTypes: Readonly<Record<string, string>> = {
  'google/type/date.proto':
    'syntax = "proto3"; package google.type; message Date { int32 year = 1; int32 month = 2; int32 day = 3; }',
  'google/type/timeofday.proto':
    'syntax = "proto3"; package google.type; message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }',
  'google/type/money.proto':
    'syntax = "proto3"; package google.type; message Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }',
};
