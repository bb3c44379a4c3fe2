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
  const missing = topicsOfCustomer
    .filter((topic) => !isOperationAllowed(topic.may, wanted))
    .map(({ name }) => ({
      what: `${wanted} on ${name}`,
      grant: renderKafkaGrant(wanted, name, principal),
    }));
  if (topicsOfCustomer.length === 0)
    missing.push({ what: 'topics to see', grant: renderKafkaGrant(wanted, '*', principal) });
  return { missing, excess: role === 'source' ? listKafkaExcess(topicsOfCustomer, may, principal) : [] };
};

/** Whether the topic belongs to Kafka or its tools. */
export const isInternalTopic = ({ name, internal }: KafkaTopic): boolean => internal || name.startsWith('__');

export const renderKafkaGrant = (operation: string, topic: string, principal: string): string =>
  `Grant ${operation}: kafka-acls --bootstrap-server … --add --allow-principal ${quoteShellWord(principal)} --operation ${operation} --topic ${quoteShellWord(topic)}`;

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
  const excess: Privileges['excess'][number][] = [];
  const add = (operations: readonly string[], subject: string, resource: string) => {
    if (operations.length > 0)
      excess.push({
        what: `${operations.join(', ')} on ${subject}`,
        revoke: renderKafkaRemoval(operations, resource, principal),
      });
  };
  add(changed, 'topics', "--topic '*'");
  add(governed, 'the cluster', '--cluster');
  return excess;
};

const renderKafkaRemoval = (operations: readonly string[], resource: string, principal: string): string =>
  `A source needs only Read. Remove the other operations, or enable an authorizer if the cluster has none: kafka-acls --bootstrap-server … --remove --allow-principal ${quoteShellWord(principal)} ${operations.map((name) => `--operation ${name}`).join(' ')} ${resource}`;

/** Quotes for a POSIX shell. */
const quoteShellWord = (word: string): string =>
  /^[\w.:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
