import type { IncomingMessage } from 'node:http';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Dialer } from '../../network/dialer.ts';
import { tooLarge } from '../../network/budget.ts';
import { parseForeignJson } from '../../network/foreign-json.ts';
import { httpAgent } from '../../network/http-agent.ts';
import { wholeText } from '../../network/whole-text.ts';
import { Problem } from '../../problem.ts';
import { isTransientStatus, noteRetryAfter, withRetries } from '../retry.ts';
import { within } from '../within.ts';
import { tooSlow } from './failures.ts';
import { logins } from './logins.ts';
import { refused } from './refusals.ts';

const types = ['AVRO', 'JSON', 'PROTOBUF'] as const;

/** A schema as the registry stores it, with its references. */
export interface Registered {
  readonly type: (typeof types)[number];
  readonly text: string;
  readonly references: readonly Reference[];
}

export interface Reference {
  /** The name that the schema uses for it. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A schema registry with Confluent's API: https://docs.confluent.io/platform/current/schema-registry/develop/api.html */
export interface Registry {
  /** Throws unless the URL is a schema registry that accepts the login. */
  greet(): Promise<void>;
  subjects(): Promise<ReadonlySet<string>>;
  /** Without `version`: the newest schema of the subject. */
  schema(subject: string, version?: number): Promise<Registered>;
  close(): void;
}

interface Settings {
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly limit: number;
}

/** Every socket comes from the dialer. A redirect is not followed: it is a problem, like any status but 200. */
export const openRegistry = (dialer: Dialer, { url, username, password, limit }: Settings): Registry => {
  const base = URL.parse(url);
  if (!base || !/^https?:$/.test(base.protocol) || base.username || base.password) {
    throw new Problem('invalid-request', 'schema_registry_url: expected a URL with http:// or https://');
  }
  const secure = base.protocol === 'https:';
  const agent = httpAgent(dialer, {
    secure,
    login: username !== undefined && password !== undefined ? logins.registry : logins.none,
    keepAlive: true,
  });
  agent.maxSockets = mostSockets;
  const closing = new AbortController();
  const root = base.pathname.replace(/\/+$/, '');
  const headers = {
    accept: 'application/vnd.schemaregistry.v1+json, application/json',
    ...(username !== undefined && {
      authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`,
    }),
  };

  const ask = (path: string, longest: Longest): Promise<unknown> =>
    new Promise<unknown>((resolve, reject) => {
      const request = secure ? tlsRequest : plainRequest;
      const asked = request(
        {
          agent,
          host: bare(base.hostname),
          port: base.port,
          path: `${root}${path}`,
          headers,
          signal: dialer.signal,
        },
        (answer) => void read(answer, longest).then(resolve, reject),
      );
      asked.on('error', reject);
      asked.end();
    });
  const get = (path: string, longest: Longest): Promise<unknown> =>
    within({ limit, remediation: tooSlow, signal: closing.signal }, (signal) =>
      withRetries(() => ask(path, longest), { isTransient, signal }),
    );

  return {
    greet: async () => void listOf(await get('/subjects', longestList)),
    subjects: async () => new Set(listOf(await get('/subjects', longestList))),
    schema: async (subject, version) =>
      registered(
        await get(`/subjects/${encodeURIComponent(subject)}/versions/${version ?? 'latest'}`, longestSchema),
      ),
    close: () => {
      closing.abort(); // destroying the agent does not end a request that still waits for a socket
      agent.destroy();
    },
  };
};

/** A number that any registry handles; a cluster may have far more topics. */
const mostSockets = 4;
interface Longest {
  /** Bytes. */
  readonly most: number;
  readonly tooLong: () => Problem;
}

const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1');

const read = async (answer: IncomingMessage, { most, tooLong }: Longest): Promise<unknown> => {
  const { statusCode = 0 } = answer;
  if (statusCode !== 200) {
    answer.destroy();
    throw noteRetryAfter(refused(statusCode), answer.headers['retry-after']);
  }
  const said = parseForeignJson(await wholeText(answer, most, tooLong));
  if (said === undefined) throw foreign();
  return said;
};

const longestList: Longest = { most: 16 * 2 ** 20, tooLong: () => foreign() };
/** A registry stores each schema in a Kafka record, which is at most 1 MB by default. */
const longestSchema: Longest = { most: 4 * 2 ** 20, tooLong: () => tooLarge() };

const isTransient = (error: unknown): boolean =>
  error instanceof Problem && isTransientStatus(Number(error.extras.native_code));

const foreign = () =>
  new Problem('protocol-mismatch', 'Expected a schema registry at schema_registry_url.', {
    remediation: 'Check schema_registry_url, its path with it.',
  });

const listOf = (value: unknown): readonly string[] => {
  if (!Array.isArray(value)) throw foreign();
  return value.filter((item) => typeof item === 'string');
};

/** A registry omits `schemaType` for Avro, its oldest type. Plugins may add types that are not supported here. */
const registered = (value: unknown): Registered => {
  const { schema, schemaType, references }: Record<string, unknown> = Object(value);
  if (typeof schema !== 'string') throw foreign();
  const type = types.find((one) => one === (schemaType ?? 'AVRO'));
  if (!type) throw new Problem('unsupported-version', 'Expected Avro, JSON Schema or Protobuf.');
  return { type, text: schema, references: Array.isArray(references) ? references.flatMap(referenceOf) : [] };
};

const referenceOf = (value: unknown): Reference[] => {
  const { name, subject, version }: Record<string, unknown> = Object(value);
  return typeof name === 'string' && typeof subject === 'string' && typeof version === 'number'
    ? [{ name, subject, version }]
    : [];
};
