import type { Privileges, SessionTarget } from '../connector.ts';
import { isOperationAllowed } from './requests.ts';
import type { KafkaMetadata, aclOperations, KafkaTopic } from './requests.ts';

interface KafkaPrivilegesInput {
  readonly role: SessionTarget['role'];
  /** Kafka's name for the account, such as `User:reader`. */
  readonly principal: string;
}

/** A source needs Read and a target needs Write; a source must not have anything else. */
export const readKafkaPrivileges = (
  { topics, may }: KafkaMetadata,
  { role, principal }: KafkaPrivilegesInput,
): Privileges => {
  const wanted = role === 'source' ? 'Read' : 'Write';
  const topicsOfCustomer = topics.filter((topic) => !isInternalTopic(topic));
  const without = topicsOfCustomer.filter((topic) => !isOperationAllowed(topic.may, wanted));
  const missing =
    topicsOfCustomer.length === 0
      ? [{ what: 'topics to see', grant: renderKafkaGrant(wanted, '*', principal) }]
      : without.slice(0, MAX_TOPIC_GRANTS).map(({ name }) => ({
          what: `${wanted} on ${name}`,
          grant: renderKafkaGrant(wanted, name, principal),
        }));
  return { missing, excess: role === 'source' ? listKafkaExcess(topicsOfCustomer, may, principal) : [] };
};

/** Whether the topic belongs to Kafka or its tools. */
export const isInternalTopic = ({ name, internal }: KafkaTopic): boolean => internal || name.startsWith('__');

export const renderKafkaGrant = (operation: string, topic: string, principal: string): string =>
  `Grant it with: kafka-acls --bootstrap-server … --add --allow-principal ${quoteShellWord(principal)} --operation ${operation} --topic ${quoteShellWord(topic)}`;

const MAX_TOPIC_GRANTS = 20;

const topicChangeOperations = [
  'Write',
  'Delete',
  'Alter',
  'AlterConfigs',
] as const satisfies (keyof typeof aclOperations)[];
const clusterAdminOperations = [
  'Alter',
  'AlterConfigs',
  'ClusterAction',
  'Create',
] as const satisfies (keyof typeof aclOperations)[];

const listKafkaExcess = (
  topics: readonly KafkaTopic[],
  may: number,
  principal: string,
): Privileges['excess'] => {
  const changed = topicChangeOperations.filter((operation) =>
    topics.some((topic) => isOperationAllowed(topic.may, operation)),
  );
  const governed = clusterAdminOperations.filter((operation) => isOperationAllowed(may, operation));
  const renderRemoval = (where: string, names: readonly string[]) =>
    `A source needs Read alone. Take the rest away, or turn an authorizer on where there is none: kafka-acls --bootstrap-server … --remove --allow-principal ${quoteShellWord(principal)} ${names.map((name) => `--operation ${name}`).join(' ')} ${where}`;
  return [
    ...(changed.length > 0
      ? [{ what: `${changed.join(', ')} on topics`, cure: renderRemoval("--topic '*'", changed) }]
      : []),
    ...(governed.length > 0
      ? [{ what: `${governed.join(', ')} on the cluster`, cure: renderRemoval('--cluster', governed) }]
      : []),
  ];
};

/** Quotes for a POSIX shell. */
const quoteShellWord = (word: string): string =>
  /^[\w.:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
