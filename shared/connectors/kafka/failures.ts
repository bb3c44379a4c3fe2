import type { SourceFailure } from '../connector.ts';
import {
  permissionDenied,
  toSourceFailure,
  createFailureTable,
  readErrorFields,
  toTextOrEmpty,
  createTextClassifier,
  type FailureMeaning,
} from '../failure-table.ts';

/**
 * Classifies by the protocol's error code, https://kafka.apache.org/protocol#protocol_error_codes, or by the class of the driver's error
 * when it has no code. Socket errors are left to the network's table.
 */
export const classifyKafkaError = (error: unknown): SourceFailure | undefined => {
  const { name, code, message } = readErrorFields(error);
  if (name === 'KafkaJSProtocolError') {
    const native = typeof code === 'number' ? String(code) : undefined;
    return toSourceFailure(kafkaErrorCodes.get(native ?? '') ?? ['server-error'], native);
  }
  if (name === 'KafkaJSSASLAuthenticationError') {
    const text = toTextOrEmpty(message);
    const ended = classifySaslText(text);
    if (ended) return toSourceFailure(ended);
    return text.endsWith('mechanism is not supported by the server')
      ? toSourceFailure(unsupportedMechanism, '33')
      : toSourceFailure(wrongSaslPassword, '58');
  }
  const ours = kafkaErrorClasses.get(toTextOrEmpty(name));
  return ours && toSourceFailure(ours);
};

export const kafkaTimeoutRemediation = 'Raise query_timeout_seconds, or check the load of the cluster.';

const kafkaErrorClasses = createFailureTable({
  KafkaJSConnectionClosedError: ['connection-reset'],
  'KafkaJSNonRetriableError KafkaJSServerDoesNotSupportApiKey': ['unsupported-version'],
});

/** The driver adds a prefix to the cause; only the driver's own messages are matched, never the server's. */
const classifySaslText = createTextClassifier([
  [
    /failed: (Closed connection|Not connected|closed by the broker|Connection error: [^:]*)$/,
    'connection-reset',
  ],
  [
    /failed: (Invalid server (nonce|signature)|Requested iterations)/,
    'protocol-mismatch',
    'The answer to the login is not a valid SCRAM message. Check the host and port in bootstrap_servers.',
  ],
]);

const unsupportedMechanism: FailureMeaning = [
  'authentication-failed',
  'The listener does not support this sasl_mechanism. Use another one (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512), or enable it in sasl.enabled.mechanisms.',
];

const wrongSaslPassword: FailureMeaning = [
  'authentication-failed',
  'Check sasl_username and send sasl_password again. SCRAM credentials are created separately for each mechanism: kafka-configs --alter --add-config SCRAM-SHA-512=[…] --entity-type users',
];

const kafkaErrorCodes = createFailureTable({
  // UNKNOWN_SERVER_ERROR
  '-1': ['server-error', 'The broker failed to process the request. Check its log.'],
  // OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, UNKNOWN_TOPIC_ID
  '1 3 6 74 75 76 100': [
    'server-error',
    'A topic was removed or moved to another broker while it was read. Try again.',
  ],
  // LEADER_NOT_AVAILABLE, REPLICA_NOT_AVAILABLE
  '5 9': [
    'server-error',
    'A partition has no leader: its brokers are down or are electing one. Find the partition: kafka-topics --describe --unavailable-partitions',
  ],
  // BROKER_NOT_AVAILABLE, NETWORK_EXCEPTION, COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR, NOT_CONTROLLER
  '8 13 14 15 16 41': [
    'server-error',
    'The cluster is starting, or is electing a controller or coordinator. Try again in a minute.',
  ],
  // KAFKA_STORAGE_ERROR, CORRUPT_MESSAGE
  '2 56': ['server-error', 'A disk of the broker failed, or its data is damaged. Check the broker’s log.'],
  // LISTENER_NOT_FOUND
  '72': [
    'server-error',
    'The leader of a partition has no listener with this name. Check advertised.listeners of every broker.',
  ],
  // SECURITY_DISABLED
  '54': [
    'server-error',
    'The brokers have no authorizer, so there are no ACLs to read. Set authorizer.class.name.',
  ],
  // DELEGATION_TOKEN_EXPIRED
  '66': ['credentials-expired', 'The delegation token has expired. Create a new one and send it.'],
  '7': ['timeout', 'The brokers did not answer each other in time. Check their load.'],
  '29': ['permission-denied', 'Grant the account Read and Describe on the topic with kafka-acls.'],
  '30': ['permission-denied', 'Grant the account Read on the group with kafka-acls.'],
  '31': ['permission-denied', 'Grant the account Describe on the cluster with kafka-acls.'],
  '33': unsupportedMechanism,
  '34': [
    'authentication-failed',
    'The listener does not use SASL. Set bootstrap_servers to the port of a listener that does, or send no sasl_* fields.',
  ],
  // TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  '53': permissionDenied,
  '35': ['unsupported-version', 'The broker is too old. Upgrade it to Kafka 2.8 or later.'],
  '58': wrongSaslPassword,
  '89': ['server-error', 'A quota of the cluster throttles this account. Try again later.'],
});
