import type { Socket } from 'node:net';
import type { Dialer, Place } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Session, Target } from '../connector.ts';
import { logIn } from './broker.ts';
import type { Broker, Login } from './broker.ts';
import { hearPlain } from './hear-plain.ts';
import { membersOf, samePlace } from './members.ts';
import { privilegesOf } from './privileges.ts';
import { metadata } from './requests.ts';
import type { Member } from './requests.ts';
import { openRegistry } from './registry-client.ts';
import type { Registry } from './registry-client.ts';
import { releaseOf } from './versions.ts';
import { failure } from './failures.ts';

interface Settings {
  readonly bootstrap_servers: string;
  readonly security_protocol?: 'SASL_SSL' | 'SSL' | 'SASL_PLAINTEXT' | 'PLAINTEXT' | undefined;
  readonly schema_registry_url?: string | undefined;
  readonly schema_registry_username?: string | undefined;
}
type Secrets = Readonly<
  Partial<Record<'sasl_mechanism' | 'sasl_username' | 'sasl_password' | 'schema_registry_password', string>>
>;
type KafkaTarget = Target<Settings, Secrets>;

export const open = async (target: KafkaTarget, dialer: Dialer): Promise<Session> => {
  await import('kafkajs/src/network/connection.js'); // before any step, or the load time would count as network time
  const { config, credentials, options, role } = target;
  const limit = Math.round(options.query_timeout_seconds * 1000);
  const enter = async (members: readonly Place[]): Promise<Broker> => {
    const { socket, to } = await dialer.tcpAny(members);
    const secured = await secure(dialer, socket, to, config.security_protocol);
    const inClear = config.security_protocol?.endsWith('PLAINTEXT') ?? false;
    return logIn(secured, to, { dialer, sasl: saslOf(credentials), limit, inClear });
  };

  const seed = await enter(membersOf(config.bootstrap_servers));
  const brokers: Broker[] = [seed];
  const registry = registryOf(target, dialer, limit);

  /** Connects to the address that the cluster announces; the egress policy applies to it as to any other. */
  const brokerAt = async (member: Member): Promise<Broker> => {
    const known = brokers.find((broker) => samePlace(broker, member));
    if (known) return known;
    const entered = await enter([member]);
    brokers.push(entered);
    return entered;
  };

  return {
    ping: async () => {
      const { members } = await seed.ask(metadata([]));
      // Clients read from the announced addresses, so a bootstrap address that answers is not enough.
      const [first] = members;
      if (first && !members.some((member) => samePlace(member, seed))) await brokerAt(first);
      await registry?.greet();
      return releaseOf(seed.versions);
    },
    privileges: async () =>
      privilegesOf(await seed.ask(metadata()), { role, principal: principalOf(credentials) }),
    introspect: async (scope, sink) => {
      const { introspect } = await import('./introspect.ts');
      return introspect({ seed, brokerAt, registry, principal: principalOf(credentials) }, scope, sink);
    },
    [Symbol.asyncDispose]: async () => {
      registry?.close();
      for (const broker of brokers) broker.close();
    },
  };
};

/** `security_protocol` says what the listener speaks, and `ssl_mode` what is acceptable. Without the former, it is detected. */
const secure = (
  dialer: Dialer,
  socket: Socket,
  to: Place,
  protocol: Settings['security_protocol'],
): Promise<Socket> => {
  if (protocol?.endsWith('PLAINTEXT')) return dialer.tls(socket, to, async () => false);
  if (!protocol) return dialer.tls(socket, to, undefined, () => hearPlain(dialer, to));
  if (dialer.tlsAsk.mode !== 'disable') return dialer.tls(socket, to);
  return dialer.step('tls', async () => {
    throw new Problem('tls-required');
  });
};

const saslOf = ({
  auth_method: method,
  sasl_mechanism: mechanism = 'PLAIN',
  sasl_username: username = '',
  sasl_password: password = '',
}: KafkaTarget['credentials']): Login | null =>
  method === 'sasl' ? { mechanism, username, password } : null;

/** Kafka's default name for the account; ssl.principal.mapping.rules may change it. */
const principalOf = ({
  auth_method: method,
  sasl_username: username,
}: KafkaTarget['credentials']): string => {
  if (method === 'sasl') return `User:${username}`;
  return method === 'certificate' ? 'User:CN=…' : 'User:ANONYMOUS';
};

const registryOf = (
  { config, credentials }: KafkaTarget,
  dialer: Dialer,
  limit: number,
): Registry | undefined =>
  config.schema_registry_url === undefined
    ? undefined
    : openRegistry(dialer, {
        url: config.schema_registry_url,
        username: config.schema_registry_username,
        password: credentials.schema_registry_password,
        limit,
      });

export const kafkaSessionModule = { open, failure };
