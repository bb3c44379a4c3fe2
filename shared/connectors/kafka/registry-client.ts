import type { Dialer } from '../../network/dialer.ts';
import { createTooLargeProblem } from '../../network/budget.ts';
import { parseForeignJson } from '../../network/http/parse-foreign-json.ts';
import { Problem } from '../../problem.ts';
import { openHttpSource, toHttpTarget, type HttpSourceRequest } from '../http/http-source.ts';
import { kafkaTimeoutRemediation } from './failures.ts';
import { kafkaLogins } from './logins.ts';
import { toRegistryProblem } from './registry-problem.ts';

const registrySchemaTypes = ['AVRO', 'JSON', 'PROTOBUF'] as const;

/** A schema as the registry stores it, with its references. */
export interface RegisteredSchema {
  readonly type: (typeof registrySchemaTypes)[number];
  readonly text: string;
  readonly references: readonly RegisteredReference[];
}

export interface RegisteredReference {
  /** The name that the schema uses for it. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A schema registry with Confluent's API: https://docs.confluent.io/platform/current/schema-registry/develop/api.html */
export interface SchemaRegistry {
  /** Throws unless the URL is a schema registry that accepts the login. */
  checkAccess(): Promise<void>;
  listSubjects(): Promise<ReadonlySet<string>>;
  /** Without `version`: the newest schema of the subject. */
  readSchema(subject: string, version?: number): Promise<RegisteredSchema>;
  close(): void;
}

interface RegistrySettings {
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly limit: number;
}

/** Every socket comes from the dialer. A redirect is not followed: it is a problem, like any status but 200. */
export const openSchemaRegistry = (
  dialer: Dialer,
  { url, username, password, limit }: RegistrySettings,
): SchemaRegistry => {
  const base = URL.parse(url);
  if (!base || !/^https?:$/.test(base.protocol) || base.username || base.password) {
    throw new Problem('invalid-request', 'schema_registry_url: expected a URL with http:// or https://');
  }
  const source = openHttpSource(dialer, {
    secure: base.protocol === 'https:',
    login: username !== undefined && password !== undefined ? kafkaLogins.registry : kafkaLogins.none,
    toRefusal: ({ status }) => toRegistryProblem(status),
    limitMs: limit,
    timeoutRemediation: kafkaTimeoutRemediation,
    maxSockets: MAX_REGISTRY_SOCKETS,
  });
  const { host, port, path: root } = toHttpTarget(base);
  const headers = {
    accept: 'application/vnd.schemaregistry.v1+json, application/json',
    ...(username !== undefined && {
      authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`,
    }),
  };
  const get = async (path: string, answerLimit: RegistryAnswerLimit): Promise<unknown> => {
    const request = { host, port, path: root.replace(/\/+$/, '') + path, headers, ...answerLimit };
    const parsed = parseForeignJson(await source.readText(request));
    if (parsed === undefined) throw createNotRegistryProblem();
    return parsed;
  };

  return {
    checkAccess: async () => void parseSubjectList(await get('/subjects', subjectListLimit)),
    listSubjects: async () => new Set(parseSubjectList(await get('/subjects', subjectListLimit))),
    readSchema: async (subject, version) =>
      parseRegisteredSchema(
        await get(
          `/subjects/${encodeURIComponent(subject)}/versions/${version ?? 'latest'}`,
          registeredSchemaLimit,
        ),
      ),
    close: () => source[Symbol.dispose](),
  };
};

/** A number that any registry handles; a cluster may have far more topics. */
const MAX_REGISTRY_SOCKETS = 4;
type RegistryAnswerLimit = Pick<HttpSourceRequest, 'maxBytes' | 'createTooLongProblem'>;

const subjectListLimit: RegistryAnswerLimit = {
  maxBytes: 16 * 2 ** 20,
  createTooLongProblem: () => createNotRegistryProblem(),
};
/** A registry stores each schema in a Kafka record, which is at most 1 MB by default. */
const registeredSchemaLimit: RegistryAnswerLimit = {
  maxBytes: 4 * 2 ** 20,
  createTooLongProblem: () => createTooLargeProblem(),
};

const createNotRegistryProblem = () =>
  new Problem('protocol-mismatch', 'Expected a schema registry at schema_registry_url.', {
    remediation: 'Check schema_registry_url, including its path.',
  });

const parseSubjectList = (value: unknown): readonly string[] => {
  if (!Array.isArray(value)) throw createNotRegistryProblem();
  return value.filter((item) => typeof item === 'string');
};

/** A registry omits `schemaType` for Avro, its oldest type. Plugins may add types that are not supported here. */
const parseRegisteredSchema = (value: unknown): RegisteredSchema => {
  const { schema, schemaType, references }: Record<string, unknown> = Object(value);
  if (typeof schema !== 'string') throw createNotRegistryProblem();
  const type = registrySchemaTypes.find((one) => one === (schemaType ?? 'AVRO'));
  if (!type) throw new Problem('unsupported-version', 'Expected a schema in Avro, JSON Schema or Protobuf.');
  return {
    type,
    text: schema,
    references: Array.isArray(references) ? references.flatMap(parseRegisteredReference) : [],
  };
};

const parseRegisteredReference = (value: unknown): RegisteredReference[] => {
  const { name, subject, version }: Record<string, unknown> = Object(value);
  return typeof name === 'string' && typeof subject === 'string' && typeof version === 'number'
    ? [{ name, subject, version }]
    : [];
};
