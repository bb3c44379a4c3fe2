import fc from 'fast-check';
import * as v from 'valibot';
import { type Connector, sslModes } from '../../../shared/connectors/connector.ts';
import { isSecretField } from '../../../shared/connectors/input/fields.ts';
import { asks, tlsKinds } from '../../recording/recorder.ts';
import { isOptional, optionsIn, serverCount, valueOf } from './fields.ts';
import {
  apiNames,
  type Caller,
  type Draft,
  type Patch,
  type Scenario,
  type ServerChange,
  type Step,
  type Tagging,
} from './scenario.ts';
import { anything, resolve, type Token } from './tokens.ts';

type Fields = Readonly<Record<string, unknown>>;

const scopes = ['connections:read', 'connections:write', 'connections:test'];
const caller: fc.Arbitrary<Caller> = fc.record({
  org: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0 as const) },
    { weight: 1, arbitrary: fc.constant(1 as const) },
  ),
  scopes: fc.oneof(
    { weight: 5, arbitrary: fc.constant(scopes) },
    { weight: 3, arbitrary: fc.constant(['connections:test']) },
    { weight: 1, arbitrary: fc.subarray(scopes) },
  ),
});

const config = (connector: Connector): fc.Arbitrary<Fields> => {
  const entries = Object.entries(connector.config.entries as Readonly<Record<string, v.GenericSchema>>);
  const requiredKeys = entries.filter(([, schema]) => !isOptional(schema)).map(([name]) => name);
  const arbitraries = Object.fromEntries(entries.map(([name, schema]) => [name, valueOf(name, schema)]));
  return fc
    .record(arbitraries, {
      requiredKeys: [...requiredKeys, ...entries.map(([name]) => name).filter((name) => name === 'port')],
    })
    .filter((drawn) => v.is(connector.config, resolve(drawn, anything)) || 'instance' in drawn)
    .map((drawn) => ('instance' in drawn ? without(drawn, 'instance') : drawn));
};

const without = (fields: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([other]) => other !== name));

/** Draws complete credentials of one auth method. */
const credentials = (connector: Connector): fc.Arbitrary<Fields> =>
  fc.oneof(
    ...Object.entries(connector.credentials).map(([method, { entries }], at) => {
      const fields: readonly (readonly [string, v.GenericSchema])[] = Object.entries(entries);
      const drawn = Object.fromEntries(fields.map(([name, schema]) => [name, valueOf(name, schema)]));
      const requiredKeys = fields.filter(([, schema]) => !isOptional(schema)).map(([name]) => name);
      const set = fc.record(drawn, { requiredKeys });
      // Most connections use the first auth method.
      return {
        weight: at === 0 ? 3 : 1,
        arbitrary: set.map((one): Fields => ({ ...one, auth_method: method })),
      };
    }),
  );

const sslMode = fc.constantFrom(...sslModes);
/** Draws weaker modes more often. */
const weakerMode = fc.constantFrom(...sslModes, 'disable', 'disable', 'prefer', 'require');
const authority = fc.constantFrom<'ours' | 'other' | null>('ours', 'ours', 'ours', 'other', null);

const rarely = fc.oneof(
  { weight: 9, arbitrary: fc.constant(false) },
  { weight: 1, arbitrary: fc.constant(true) },
);

const draft = (connector: Connector): fc.Arbitrary<Draft> =>
  fc.record({
    config: config(connector),
    credentials: credentials(connector),
    sslMode: fc.oneof({ weight: 6, arbitrary: sslMode }, { weight: 1, arbitrary: fc.constant(undefined) }),
    authority,
    withCertificate: rarely,
    written: fc.constantFrom('apart', 'apart', 'in config', 'as a URL'),
    mode: fc.constantFrom('managed', 'managed', 'platform'),
    flavor: fc.constantFrom(undefined, undefined, undefined, 'local', 'aws'),
    api: fc.constantFrom(...apiNames, 'v1', 'v1'),
  });

/** Draws an update that mostly changes one aspect, as an attack would. */
const patch = (connector: Connector): fc.Arbitrary<Patch> => {
  const entries = Object.entries(connector.config.entries as Readonly<Record<string, v.GenericSchema>>);
  const one = fc.oneof(
    ...entries.map(([name, schema]) =>
      (isOptional(schema)
        ? fc.oneof(
            { weight: 4, arbitrary: valueOf(name, schema) },
            { weight: 1, arbitrary: fc.constant(null) },
          )
        : valueOf(name, schema)
      ).map((value): Fields => ({ [name]: value })),
    ),
  );
  const ofCredentials = Object.values(connector.credentials).flatMap(({ entries: fields }) =>
    Object.entries(fields as Readonly<Record<string, v.GenericSchema>>),
  );
  const part = ofCredentials.map(([name, schema]) =>
    valueOf(name, schema).map((value): Fields => ({ [name]: value })),
  );
  const open = ofCredentials
    .filter(([, schema]) => !isSecretField(schema))
    .map(([name, schema]) => ({
      // A choice is drawn more often than a name, because it may decide how a secret is sent.
      weight: optionsIn(schema) ? 4 : 1,
      arbitrary: valueOf(name, schema).map((value): Fields => ({ [name]: value })),
    }));
  const methods = Object.keys(connector.credentials);
  const arn = fc.nat({ max: 1 }).map((number): Fields => ({ secret_arn: { $arn: number } satisfies Token }));
  const aspects = {
    config: fc
      .array(one, { minLength: 1, maxLength: 2 })
      .map((all): Fields => Object.assign({}, ...all) as Fields), // all are records
    credentials: fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(...methods).map((method): Fields => ({ auth_method: method })),
      },
      ...(open.length > 0 ? [{ weight: 5, arbitrary: fc.oneof(...open) }] : []),
      ...(part.length > 0 ? [{ weight: 1, arbitrary: fc.oneof(...part) }] : []),
      { weight: 1, arbitrary: credentials(connector) },
    ),
    naming: fc.oneof(
      {
        weight: 1,
        arbitrary: fc.constantFrom(...methods).map((method): Fields => ({ auth_method: method })),
      },
      { weight: 3, arbitrary: arn },
    ),
    sslMode: fc.oneof({ weight: 6, arbitrary: weakerMode }, { weight: 1, arbitrary: fc.constant(null) }),
    authority,
    withCertificate: rarely,
    written: fc.oneof(
      { weight: 8, arbitrary: fc.constant('apart' as const) },
      { weight: 1, arbitrary: fc.constantFrom('in config', 'as a URL') },
    ),
  };
  const unchanged = { config: {}, credentials: {}, naming: {}, sslMode: undefined, authority: undefined };
  const changes = fc.oneof(
    { weight: 3, arbitrary: fc.constant(['config'] as const) },
    { weight: 3, arbitrary: fc.constant(['credentials'] as const) },
    { weight: 3, arbitrary: fc.constant(['sslMode'] as const) },
    { weight: 1, arbitrary: fc.constant(['authority'] as const) },
    { weight: 3, arbitrary: fc.constant(['config', 'credentials'] as const) },
    { weight: 2, arbitrary: fc.constant(['sslMode', 'credentials'] as const) },
    { weight: 1, arbitrary: fc.subarray(['config', 'credentials', 'sslMode', 'authority'] as const) },
  );
  return fc.tuple(fc.record(aspects), changes).map(([drawn, taken]): Patch => {
    const changed = Object.fromEntries(taken.map((aspect) => [aspect, drawn[aspect]]));
    const named = taken.some((aspect) => aspect === 'credentials') ? { naming: drawn.naming } : {};
    return { ...drawn, ...unchanged, ...changed, ...named };
  });
};

/** Fields that do not affect destinations and may change together with the others. */
const other: fc.Arbitrary<Fields> = fc.record(
  {
    role: fc.constantFrom('source', 'target'),
    excluded_schemas: fc.constantFrom([], ['one']),
    description: fc.constantFrom(null, 'changed'),
    product: fc.constantFrom(null, 'other'),
    tags: fc.constantFrom([], ['one']),
    metadata: fc.constant({ a: 'b' }),
    flavor: fc.constantFrom(null, 'aws', 'local'),
  },
  { requiredKeys: [] },
);

const number = fc.nat({ max: serverCount - 1 });
const serverChange = (of: ServerChange['of'][]): fc.Arbitrary<ServerChange> =>
  fc.record({
    server: number,
    of: fc.constantFrom(...of),
    tls: fc.constantFrom(...tlsKinds, 'off', 'off', 'off', 'trusted', 'trusted'),
    asks: fc.constantFrom(...asks, 'clear', 'clear'),
    announces: fc.oneof(fc.constant(undefined), number),
  });

const tagging: fc.Arbitrary<Tagging> = fc.record({
  arn: fc.nat({ max: 1 }),
  servers: fc.oneof(fc.constant([0, 1, 2]), fc.subarray([0, 1, 2], { minLength: 1 })),
  weakest: fc.oneof(fc.constant(undefined), fc.constant('disable'), sslMode),
  withPorts: fc.oneof(
    { weight: 9, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
});

/**
 * In half of the scenarios the first connection can reach its servers. A connection that fails at once tests
 * little.
 */
export const scenario = (connector: Connector, kinds: ServerChange['of'][]): fc.Arbitrary<Scenario> =>
  fc
    .tuple(anyScenario(connector, kinds), fc.boolean())
    .map(([drawn, fits]) => (fits ? fitting(drawn) : drawn));

const fitting = (drawn: Scenario): Scenario => {
  const [[org, first], second] = drawn.drafts;
  const tls = first.sslMode === 'disable' ? 'off' : 'trusted';
  return {
    ...drawn,
    drafts: [[org, { ...first, authority: 'ours' }], second],
    tags: drawn.tags.map((tags) =>
      tags.arn === 0 ? { ...tags, weakest: 'disable', withPorts: true } : tags,
    ),
    servers: drawn.servers.map((server) => ({ ...server, tls })),
  };
};

const anyScenario = (connector: Connector, kinds: ServerChange['of'][]): fc.Arbitrary<Scenario> => {
  const patched = fc.record({
    do: fc.constantFrom(
      'change' as const,
      'replace' as const,
      'change by management' as const,
      ...Array.from({ length: 3 }, () => 'test with a patch' as const),
    ),
    on: fc.constantFrom(0, 0, 1),
    by: caller,
    patch: patch(connector),
    crossed: rarely,
    other,
  });
  const plain = fc.record({
    do: fc.constantFrom(
      'test' as const,
      'test' as const,
      'test' as const,
      'test' as const,
      'read the schema' as const,
      'validate' as const,
      'complete' as const,
      'delete' as const,
      'restore' as const,
      'restore' as const,
      'test by management' as const,
      'read by management' as const,
      'validate by management' as const,
      'complete by profile' as const,
    ),
    on: fc.constantFrom(0, 0, 1),
    by: caller,
  });
  const drafted = fc.record({
    do: fc.constantFrom('test a draft' as const, 'verify a draft' as const, 'test a profile' as const),
    by: caller,
    draft: draft(connector),
  });
  return fc.record({
    drafts: fc.tuple(
      draft(connector).map((one) => [0, one] as const),
      fc.tuple(fc.constantFrom<0 | 1>(0, 0, 0, 1), draft(connector)),
    ),
    servers: fc.tuple(
      ...kinds.flatMap((kind) =>
        [0, 1, 2].map((server) => serverChange([kind]).map((change) => ({ ...change, server }))),
      ),
    ),
    tags: fc.tuple(
      tagging.map((one) => ({ ...one, arn: 0 })),
      tagging.map((one) => ({ ...one, arn: 1 })),
    ),
    steps: fc.array(
      fc.oneof(
        { weight: 8, arbitrary: patched },
        { weight: 4, arbitrary: plain },
        { weight: 1, arbitrary: drafted },
        { weight: 1, arbitrary: serverChange(kinds).map((change): Step => ({ do: 'behave', change })) },
        { weight: 1, arbitrary: tagging.map((one): Step => ({ do: 'tag', tagging: one })) },
      ),
      { minLength: 6, maxLength: 14, size: 'max' },
    ),
  });
};
