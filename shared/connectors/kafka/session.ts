import type { Socket } from 'node:net';
import type { Dialer, HostPort } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Session } from '../connector.ts';
import { logInToBroker } from './broker.ts';
import type { KafkaBroker, SaslCredentials } from './broker.ts';
import { detectKafkaPlaintext } from './detect-plaintext.ts';
import { parseBootstrapServers, isSameBroker } from './bootstrap-servers.ts';
import { readKafkaPrivileges } from './privileges.ts';
import { createMetadataRequest } from './requests.ts';
import type { ClusterMember } from './requests.ts';
import { openSchemaRegistry } from './registry-client.ts';
import type { SchemaRegistry } from './registry-client.ts';
import { detectKafkaRelease } from './detect-release.ts';
import { classifyKafkaError } from './failures.ts';
import type { KafkaTarget } from './config.ts';

export const openKafkaSession = async (target: KafkaTarget, dialer: Dialer): Promise<Session> => {
  await import('kafkajs/src/network/connection.js'); // before any step, or the load time would count as network time
  const { config, credentials, options, role } = target;
  const limit = Math.round(options.query_timeout_seconds * 1000);
  const connectToAny = async (members: readonly HostPort[]): Promise<KafkaBroker> => {
    const { socket, to } = await dialer.tcpAny(members);
    const secured = await secureKafkaSocket(dialer, socket, to, config.security_protocol);
    const inClear = config.security_protocol?.endsWith('PLAINTEXT') ?? false;
    return logInToBroker(secured, to, { dialer, sasl: toSaslCredentials(credentials), limit, inClear });
  };

  const seed = await connectToAny(parseBootstrapServers(config.bootstrap_servers));
  const brokers: KafkaBroker[] = [seed];
  const registry = openConfiguredRegistry(target, dialer, limit);

  /** Connects to the address that the cluster announces; the egress policy applies to it as to any other. */
  const openBroker = async (member: ClusterMember): Promise<KafkaBroker> => {
    const known = brokers.find((broker) => isSameBroker(broker, member));
    if (known) return known;
    const opened = await connectToAny([member]);
    brokers.push(opened);
    return opened;
  };

  return {
    ping: async () => {
      const { members } = await seed.ask(createMetadataRequest([]));
      // Clients read from the announced addresses, so a bootstrap address that answers is not enough.
      const [first] = members;
      if (first && !members.some((member) => isSameBroker(member, seed))) await openBroker(first);
      await registry?.checkAccess();
      return detectKafkaRelease(seed.versions);
    },
    privileges: async () =>
      readKafkaPrivileges(await seed.ask(createMetadataRequest()), {
        role,
        principal: toKafkaPrincipal(credentials),
      }),
    introspect: async (scope, sink) => {
      const { introspectKafka } = await import('./introspect.ts');
      return introspectKafka(
        { seed, openBroker, registry, principal: toKafkaPrincipal(credentials) },
        scope,
        sink,
      );
    },
    [Symbol.asyncDispose]: async () => {
      registry?.close();
      for (const broker of brokers) broker.close();
    },
  };
};

/** `security_protocol` says what the listener speaks, and `ssl_mode` what is acceptable. Without the former, it is detected. */
const secureKafkaSocket = (
  dialer: Dialer,
  socket: Socket,
  to: HostPort,
  protocol: KafkaTarget['config']['security_protocol'],
): Promise<Socket> => {
  if (protocol?.endsWith('PLAINTEXT')) return dialer.tls(socket, to, async () => false);
  if (!protocol) return dialer.tls(socket, to, undefined, () => detectKafkaPlaintext(dialer, to));
  if (dialer.tlsSettings.mode !== 'disable') return dialer.tls(socket, to);
  return dialer.step('tls', async () => {
    throw new Problem('tls-required');
  });
};

const toSaslCredentials = ({
  auth_method: method,
  sasl_mechanism: mechanism = 'PLAIN',
  sasl_username: username = '',
  sasl_password: password = '',
}: KafkaTarget['credentials']): SaslCredentials | null =>
  method === 'sasl' ? { mechanism, username, password } : null;

/** Kafka's default name for the account; ssl.principal.mapping.rules may change it. */
const toKafkaPrincipal = ({
  auth_method: method,
  sasl_username: username,
}: KafkaTarget['credentials']): string => {
  if (method === 'sasl') return `User:${username}`;
  return method === 'certificate' ? 'User:CN=…' : 'User:ANONYMOUS';
};

const openConfiguredRegistry = (
  { config, credentials }: KafkaTarget,
  dialer: Dialer,
  limit: number,
): SchemaRegistry | undefined =>
  config.schema_registry_url === undefined
    ? undefined
    : openSchemaRegistry(dialer, {
        url: config.schema_registry_url,
        username: config.schema_registry_username,
        password: credentials.schema_registry_password,
        limit,
      });

export const kafkaSessionModule = { open: openKafkaSession, failure: classifyKafkaError };
