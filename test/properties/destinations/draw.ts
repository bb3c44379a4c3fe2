import fc from 'fast-check';
import * as v from 'valibot';
import { type Connector, sslModes } from '../../../shared/connectors/connector.ts';
import { isSecret } from '../../../shared/connectors/fields.ts';
import { asks, tlsKinds } from '../../recording/recorder.ts';
import { isOptional, serverCount, valueOf } from './fields.ts';
import { anything, resolve, type Token } from './tokens.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What decides where a connection's secrets go and how, as a request says it. */
export interface Settings {
  readonly config: Fields;
  readonly credentials: Fields;
  readonly sslMode: string | null | undefined;
  readonly authority: 'ours' | 'other' | null | undefined;
  readonly withCertificate: boolean;
  /** Credentials among the fields of `config`, as a URL, or apart. */
  readonly written: 'apart' | 'in config' | 'as a URL';
}

export interface Caller {
  readonly org: 0 | 1;
  readonly scopes: readonly string[];
}

export const apiNames = ['v1', 'providers', 'management', 'profiles', 'registrations'] as const;
export type ApiName = (typeof apiNames)[number];

export interface Draft extends Settings {
  readonly mode: 'managed' | 'platform';
  readonly flavor: string | undefined;
  readonly api: ApiName;
}

export interface Tagging {
  readonly arn: number;
  readonly servers: readonly number[];
  readonly weakest: string | undefined;
  readonly withPorts: boolean;
}

export interface ServerChange {
  readonly server: number;
  readonly of: 'own' | 'registry' | 'deployment';
  readonly tls: (typeof tlsKinds)[number];
  readonly asks: (typeof asks)[number];
  readonly announces: number | undefined;
}

export type Step =
  | {
      readonly do: 'change' | 'replace' | 'change by management' | 'test with a patch';
      readonly on: number;
      readonly by: Caller;
      readonly patch: Settings;
      readonly other: Fields;
    }
  | {
      readonly do:
        | 'test'
        | 'read the schema'
        | 'validate'
        | 'complete'
        | 'delete'
        | 'restore'
        | 'test by management'
        | 'read by management'
        | 'validate by management'
        | 'complete by profile';
      readonly on: number;
      readonly by: Caller;
    }
  | {
      readonly do: 'test a draft' | 'verify a draft' | 'test a profile';
      readonly by: Caller;
      readonly draft: Draft;
    }
  | { readonly do: 'behave'; readonly change: ServerChange }
  | { readonly do: 'tag'; readonly tagging: Tagging };

export interface Scenario {
  readonly drafts: readonly (readonly [org: 0 | 1, draft: Draft])[];
  readonly servers: readonly ServerChange[];
  readonly tags: readonly Tagging[];
  readonly steps: readonly Step[];
}

const scopes = ['connections:read', 'connections:write', 'connections:test'];
const caller: fc.Arbitrary<Caller> = fc.record({
  org: fc.constantFrom<0 | 1>(0, 0, 0, 0, 1),
  scopes: fc.oneof(
    { weight: 3, arbitrary: fc.constant(scopes) },
    { weight: 2, arbitrary: fc.constant(['connections:test']) },
    { weight: 3, arbitrary: fc.subarray(scopes) },
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

/** A whole set of one way to log in, which is named or left to its fields. */
const credentials = (connector: Connector): fc.Arbitrary<Fields> =>
  fc.oneof(
    ...Object.entries(connector.credentials).map(([method, { entries }]) => {
      const fields: readonly (readonly [string, v.GenericSchema])[] = Object.entries(entries);
      const drawn = Object.fromEntries(fields.map(([name, schema]) => [name, valueOf(name, schema)]));
      const requiredKeys = fields.filter(([, schema]) => !isOptional(schema)).map(([name]) => name);
      return fc.record(drawn, { requiredKeys }).map((set): Fields => ({ ...set, auth_method: method }));
    }),
  );

/** More often those that a server in clear or of any certificate can have a part in. */
const sslMode = fc.constantFrom(...sslModes, 'disable', 'prefer', 'prefer', 'require');
const authority = fc.constantFrom<'ours' | 'other' | null>('ours', 'ours', 'ours', 'other', null);

const draft = (connector: Connector): fc.Arbitrary<Draft> =>
  fc.record({
    config: config(connector),
    credentials: credentials(connector),
    sslMode: fc.oneof({ weight: 6, arbitrary: sslMode }, { weight: 1, arbitrary: fc.constant(undefined) }),
    authority,
    withCertificate: fc.constantFrom(false, false, false, true),
    written: fc.constantFrom('apart', 'apart', 'in config', 'as a URL'),
    mode: fc.constantFrom('managed', 'managed', 'platform'),
    flavor: fc.constantFrom(undefined, undefined, undefined, 'local', 'aws'),
    api: fc.constantFrom(...apiNames, 'v1', 'v1'),
  });

/** Mostly one field or two: what an attack needs. */
const patch = (connector: Connector): fc.Arbitrary<Settings> => {
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
    .filter(([, schema]) => !isSecret(schema))
    .map(([name, schema]) => valueOf(name, schema).map((value): Fields => ({ [name]: value })));
  const methods = Object.keys(connector.credentials);
  const arn = fc.nat({ max: 1 }).map((number): Fields => ({ secret_arn: { $arn: number } satisfies Token }));
  return fc.record({
    config: fc.array(one, { maxLength: 2 }).map((all): Fields => Object.assign({}, ...all) as Fields),
    credentials: fc.oneof(
      { weight: 8 + 2 * part.length, arbitrary: fc.constant<Fields>({}) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(...methods).map((method): Fields => ({ auth_method: method })),
      },
      { weight: 2, arbitrary: credentials(connector) },
      { weight: 1, arbitrary: arn },
      ...part.map((arbitrary) => ({ weight: 1, arbitrary })),
      ...open.map((arbitrary) => ({ weight: 2, arbitrary })),
    ),
    sslMode: fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      { weight: 3, arbitrary: sslMode },
      { weight: 1, arbitrary: fc.constant(null) },
    ),
    authority: fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: authority },
    ),
    withCertificate: fc.constantFrom(false, false, false, false, true),
    written: fc.constantFrom('apart', 'apart', 'apart', 'in config', 'as a URL'),
  });
};

/** Fields that decide nothing here and may be changed along with the others. */
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
    tls: fc.constantFrom(...tlsKinds, 'off', 'off'),
    asks: fc.constantFrom(...asks, 'clear', 'clear'),
    announces: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: number }),
  });

const tagging: fc.Arbitrary<Tagging> = fc.record({
  arn: fc.nat({ max: 1 }),
  servers: fc.subarray([0, 1, 2], { minLength: 1 }),
  weakest: fc.oneof(fc.constant(undefined), sslMode),
  withPorts: fc.constantFrom(true, true, true, true, false),
});

export const scenario = (connector: Connector, kinds: ServerChange['of'][]): fc.Arbitrary<Scenario> => {
  const patched = fc.record({
    do: fc.constantFrom(
      'change' as const,
      'replace' as const,
      'change by management' as const,
      ...Array.from({ length: 3 }, () => 'test with a patch' as const),
    ),
    on: fc.nat({ max: 1 }),
    by: caller,
    patch: patch(connector),
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
    on: fc.nat({ max: 1 }),
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
      fc.tuple(fc.constantFrom<0 | 1>(0, 1), draft(connector)),
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
        { weight: 6, arbitrary: patched },
        { weight: 6, arbitrary: plain },
        { weight: 1, arbitrary: drafted },
        { weight: 1, arbitrary: serverChange(kinds).map((change): Step => ({ do: 'behave', change })) },
        { weight: 1, arbitrary: tagging.map((one): Step => ({ do: 'tag', tagging: one })) },
      ),
      { minLength: 3, maxLength: 10, size: 'max' },
    ),
  });
};
