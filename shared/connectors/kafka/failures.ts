import type { Failure } from '../connector.ts';
import { failureOf, failureTable, fieldsOf, textOf, textTable, type Meaning } from '../failure-table.ts';

/**
 * Goes by the number of the protocol, https://kafka.apache.org/protocol#protocol_error_codes, and where the driver has none, by the
 * class of its error. Sockets' own codes are left to the network's table.
 */
export const failure = (error: unknown): Failure | undefined => {
  const { name, code, message } = fieldsOf(error);
  if (name === 'KafkaJSProtocolError') {
    const native = typeof code === 'number' ? String(code) : undefined;
    return failureOf(refusals.get(native ?? '') ?? ['server-error'], native);
  }
  if (name === 'KafkaJSSASLAuthenticationError') {
    const text = textOf(message);
    const ended = endOfLogin(text);
    if (ended) return failureOf(ended);
    return text.endsWith('mechanism is not supported by the server')
      ? failureOf(otherMechanism, '33')
      : { code: 'authentication-failed', native: '58' };
  }
  const ours = classes.get(textOf(name));
  return ours && failureOf(ours);
};

export const tooSlow = 'Raise query_timeout_seconds, or look at how busy the cluster is.';

const classes = failureTable({
  KafkaJSConnectionClosedError: ['connection-reset'],
  'KafkaJSNonRetriableError KafkaJSServerDoesNotSupportApiKey': ['unsupported-version'],
});

/** The driver puts its own prefix before whatever went wrong; only what it says itself is read. */
const endOfLogin = textTable([
  [
    /failed: (Closed connection|Not connected|ended by the other side|Connection error: [^:]*)$/,
    'connection-reset',
  ],
  [
    /failed: (Invalid server (nonce|signature)|Requested iterations)/,
    'protocol-mismatch',
    'The server answered the login with what no SCRAM server says: check host and port.',
  ],
]);

const otherMechanism: Meaning = [
  'authentication-failed',
  'The listener does not take this sasl_mechanism: use another one (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512), or turn it on in sasl.enabled.mechanisms.',
];

const refusals = failureTable({
  '7': ['timeout'],
  '29': ['permission-denied', 'Grant it Read and Describe on the topic with kafka-acls.'],
  '30': ['permission-denied', 'Grant it Read on the group with kafka-acls.'],
  '31': ['permission-denied', 'Grant it Describe on the cluster with kafka-acls.'],
  '33': otherMechanism,
  '34': [
    'authentication-failed',
    'The listener takes no SASL: use the port of one that does, or send no sasl_* fields.',
  ],
  '35': ['unsupported-version'],
  '58': ['authentication-failed'],
  '89': ['server-error', 'The cluster holds this account back by a quota: try again later.'],
});
