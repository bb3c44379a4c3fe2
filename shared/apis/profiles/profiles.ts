import * as v from 'valibot';
import { sslModes } from '../../connectors/connector.ts';
import type { Suggestion as Suggested } from '../../domain/catalog/suggest-names.ts';
import { ConnectionName, SslInput, connectorTypes } from '../../domain/connections/connection-input.ts';
import { ConnectionInput, type StoredConnection } from '../../domain/connections/connection.ts';
import type { WireFormat } from '../../http/wire-format.ts';
import { publishedTexts } from '../published-texts.ts';
import { ProfileFailure, renderProfileFailure } from './failures.ts';

/** This API's name of the PostgreSQL connector. It also accepts Mooring's own. */
const POSTGRES_ALIAS = 'postgres';

const profileConnectorNames = [...connectorTypes, POSTGRES_ALIAS] as const;

/** The fields of `config` depend on `connector`, except those for TLS. */
const ProfileConfig = v.objectWithRest(
  {
    ssl_mode: v.optional(
      v.pipe(
        v.picklist(sslModes, `one of ${sslModes.join(', ')}`),
        v.description('The TLS mode. Default: `prefer`.'),
      ),
    ),
    ssl_ca: SslInput.entries.ca,
    ssl_cert: SslInput.entries.cert,
    ssl_key: SslInput.entries.key,
  },
  v.unknown(),
);

export const ProfileInput = v.strictObject({
  name: v.pipe(ConnectionName, v.description('Unique name for the connection profile')),
  connector: v.pipe(
    v.picklist(profileConnectorNames, `one of ${profileConnectorNames.join(', ')}`),
    v.description('Connector type (kafka, mysql, postgres, etc.)'),
  ),
  description: v.pipe(ConnectionInput.entries.description, v.description('Human-readable description')),
  config: v.pipe(ProfileConfig, v.description('Connector-specific configuration')),
});
type ProfileInput = v.InferOutput<typeof ProfileInput>;

export const Profile = v.object({
  id: v.string(),
  name: v.string(),
  connector: v.string(),
  description: v.exactOptional(v.string()),
  config: v.record(v.string(), v.unknown()),
  created_at: v.string(),
  updated_at: v.string(),
});

const ProfileTestDetails = v.object({ latency_ms: v.number(), version: v.string() });
export const ProfileTestSuccess = v.object({
  success: v.literal(true),
  message: v.string(),
  details: ProfileTestDetails,
});

export const ProfileSuggestion = v.object({
  value: v.string(),
  label: v.string(),
  type: v.string(),
  /** Unknown values are left out. */
  metadata: v.object({
    schema: v.exactOptional(v.string()),
    rows: v.exactOptional(v.number()),
    size: v.exactOptional(v.string()),
  }),
});

/** Creates the envelope of every answer. */
export const createDataEnvelope = <S extends v.GenericSchema>(data: S) => v.object({ data });

/** Parses the public form `prof_…` to the internal 32 hex digits. */
export const profileParams = v.object({
  id: v.pipe(
    v.string(),
    v.regex(/^prof_[0-9a-f]{32}$/, 'an id of the form prof_…'),
    v.description('Connection profile ID'),
    v.transform((id) => id.slice(5)),
  ),
});

/** Converts the body of a request to the domain's input. */
export const parseProfileInput = ({ connector, config, ...profile }: ProfileInput): ConnectionInput => {
  const { ssl_mode = 'prefer', ssl_ca: ca, ssl_cert: cert, ssl_key: key, ...fields } = config;
  return {
    ...profile,
    type: connector === POSTGRES_ALIAS ? 'postgresql' : connector,
    role: 'source',
    mode: 'managed',
    config: fields,
    options: { ssl_mode },
    ssl: { ca, cert, key },
  };
};

/** Converts a connection to a profile. Its `config` can be sent again, except that it has no credentials and no PEM. */
export const toProfile = (stored: StoredConnection): v.InferOutput<typeof Profile> => {
  const { ssl_mode } = stored.options;
  return {
    id: `prof_${stored.id}`,
    name: stored.name,
    connector: stored.type === 'postgresql' ? POSTGRES_ALIAS : stored.type,
    ...(stored.description !== null && { description: stored.description }),
    config: { ...stored.config, ...(ssl_mode !== 'prefer' && { ssl_mode }) },
    created_at: removeMilliseconds(stored.created_at),
    updated_at: removeMilliseconds(stored.updated_at),
  };
};

/** The published examples have times without fractions, and clients may rely on that format. */
const removeMilliseconds = (time: string) => time.replace(/\.\d+Z$/, 'Z');

export const toProfileSuggestion = (found: Suggested): v.InferOutput<typeof ProfileSuggestion> => ({
  value: found.value,
  label: found.label,
  type: found.type,
  metadata: {
    ...(found.schema !== '' && { schema: found.schema }),
    ...(found.rows !== null && { rows: found.rows }),
    ...(found.size_bytes !== null && { size: renderSize(found.size_bytes) }),
  },
});

/** Renders a size as `120MB` or `2.5GB`: at most one decimal, and units of 1024. */
export const renderSize = (bytes: number): string => {
  let size = bytes;
  let at = 0;
  while (roundToTenth(size) >= 1024 && at < byteUnits.length - 1) {
    size /= 1024;
    at += 1;
  }
  return `${roundToTenth(size)}${byteUnits[at]}`;
};

const byteUnits = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];
const roundToTenth = (size: number) => Math.round(size * 10) / 10;

const kafkaProfileExample = {
  name: 'production-kafka',
  connector: 'kafka',
  description: 'Production Kafka cluster',
  config: {
    bootstrap_servers: 'kafka1.example.com:9092,kafka2.example.com:9092',
    security_protocol: 'SASL_SSL',
    sasl_mechanism: 'PLAIN',
    sasl_username: 'user',
    sasl_password: 'secret',
  },
};

export const profiles: WireFormat = {
  name: 'profiles',
  description:
    'Connection profiles: every connection as a profile, whichever API created it. `config` contains the fields of `{type}.config` and ' +
    '`{type}.credentials.{auth_method}` in one object, with `ssl_mode`, `ssl_ca`, `ssl_cert` and `ssl_key`. Answers contain no ' +
    'credentials and no PEM.',
  prefix: '/api/v1/connection_profiles',
  texts: publishedTexts,
  failure: renderProfileFailure,
  failureBody: () => ProfileFailure,
  schemas: {
    answers: {
      Profile,
      TestSuccess: ProfileTestSuccess,
      Suggestion: ProfileSuggestion,
      Failure: ProfileFailure,
    },
    bodies: { ProfileInput },
  },
  examples: {
    create: { Kafka: { value: kafkaProfileExample } },
    test: { Kafka: { value: kafkaProfileExample } },
  },
};
