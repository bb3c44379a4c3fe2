import type { Privileges, Target } from '../connector.ts';
import { allows } from './requests.ts';
import type { Metadata, operations, Topic } from './requests.ts';

interface Asking {
  readonly role: Target['role'];
  /** Kafka's name for the account, such as `User:reader`. */
  readonly principal: string;
}

/** A source needs Read and a target needs Write; a source must not have anything else. */
export const privilegesOf = ({ topics, may }: Metadata, { role, principal }: Asking): Privileges => {
  const wanted = role === 'source' ? 'Read' : 'Write';
  const own = topics.filter((topic) => !isInternal(topic));
  const without = own.filter((topic) => !allows(topic.may, wanted));
  const missing =
    own.length === 0
      ? [{ what: 'topics to see', grant: grantOf(wanted, '*', principal) }]
      : without
          .slice(0, most)
          .map(({ name }) => ({ what: `${wanted} on ${name}`, grant: grantOf(wanted, name, principal) }));
  return { missing, excess: role === 'source' ? excessOf(own, may, principal) : [] };
};

/** Whether the topic belongs to Kafka or its tools. */
export const isInternal = ({ name, internal }: Topic): boolean => internal || name.startsWith('__');

export const grantOf = (operation: string, topic: string, principal: string): string =>
  `Grant it with: kafka-acls --bootstrap-server … --add --allow-principal ${quoted(principal)} --operation ${operation} --topic ${quoted(topic)}`;

const most = 20;

const changing = ['Write', 'Delete', 'Alter', 'AlterConfigs'] as const satisfies (keyof typeof operations)[];
const governing = [
  'Alter',
  'AlterConfigs',
  'ClusterAction',
  'Create',
] as const satisfies (keyof typeof operations)[];

const excessOf = (topics: readonly Topic[], may: number, principal: string): Privileges['excess'] => {
  const changed = changing.filter((operation) => topics.some((topic) => allows(topic.may, operation)));
  const governed = governing.filter((operation) => allows(may, operation));
  const remove = (where: string, names: readonly string[]) =>
    `A source needs Read alone. Take the rest away, or turn an authorizer on where there is none: kafka-acls --bootstrap-server … --remove --allow-principal ${quoted(principal)} ${names.map((name) => `--operation ${name}`).join(' ')} ${where}`;
  return [
    ...(changed.length > 0
      ? [{ what: `${changed.join(', ')} on topics`, cure: remove("--topic '*'", changed) }]
      : []),
    ...(governed.length > 0
      ? [{ what: `${governed.join(', ')} on the cluster`, cure: remove('--cluster', governed) }]
      : []),
  ];
};

/** Quotes for a POSIX shell. */
const quoted = (word: string): string =>
  /^[\w.:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
