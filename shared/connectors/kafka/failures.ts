import type { ProblemCode } from '../../problem.ts';
import type { Failure } from '../connector.ts';

/**
 * Goes by the number of the protocol, https://kafka.apache.org/protocol#protocol_error_codes, and where the driver has none, by the
 * class of its error. Sockets' own codes are left to the network's table.
 */
export const failure = (error: unknown): Failure | undefined => {
  const { name, code, message }: { name?: unknown; code?: unknown; message?: unknown } = Object(error);
  if (name === 'KafkaJSProtocolError') {
    const said = typeof code === 'number' && Object.hasOwn(refusals, code) ? refusals[code] : undefined;
    return failureOf(said ?? { code: 'server-error' }, typeof code === 'number' ? String(code) : undefined);
  }
  if (name === 'KafkaJSSASLAuthenticationError') {
    const text = typeof message === 'string' ? message : '';
    // The driver puts its own prefix before whatever went wrong; only what it says itself is read.
    if (
      /failed: (Closed connection|Not connected|ended by the other side|Connection error: [^:]*)$/.test(text)
    )
      return { code: 'connection-reset' };
    if (/failed: (Invalid server (nonce|signature)|Requested iterations)/.test(text)) return foreignLogin;
    if (text.endsWith('mechanism is not supported by the server')) return failureOf(otherMechanism, '33');
    return { code: 'authentication-failed', native: '58' };
  }
  if (name === 'KafkaJSConnectionClosedError') return { code: 'connection-reset' };
  if (name === 'KafkaJSNonRetriableError' || name === 'KafkaJSServerDoesNotSupportApiKey')
    return { code: 'unsupported-version' };
  return undefined;
};

interface Said {
  readonly code: ProblemCode;
  readonly cure?: string;
}

const failureOf = ({ code, cure }: Said, native?: string): Failure => ({
  code,
  ...(native !== undefined && { native }),
  ...(cure !== undefined && { remediation: cure }),
});

const foreignLogin: Failure = {
  code: 'protocol-mismatch',
  remediation: 'The server answered the login with what no SCRAM server says: check host and port.',
};

const otherMechanism: Said = {
  code: 'authentication-failed',
  cure: 'The listener does not take this sasl_mechanism: use another one (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512), or turn it on in sasl.enabled.mechanisms.',
};

const refusals: Readonly<Record<number, Said>> = {
  7: { code: 'timeout' },
  29: { code: 'permission-denied', cure: 'Grant it Read and Describe on the topic with kafka-acls.' },
  30: { code: 'permission-denied', cure: 'Grant it Read on the group with kafka-acls.' },
  31: { code: 'permission-denied', cure: 'Grant it Describe on the cluster with kafka-acls.' },
  33: otherMechanism,
  34: {
    code: 'authentication-failed',
    cure: 'The listener takes no SASL: use the port of one that does, or send no sasl_* fields.',
  },
  35: { code: 'unsupported-version' },
  58: { code: 'authentication-failed' },
  89: { code: 'server-error', cure: 'The cluster holds this account back by a quota: try again later.' },
};
