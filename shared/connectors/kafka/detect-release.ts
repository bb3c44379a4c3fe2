import type { KafkaApiVersions } from './requests.ts';

/**
 * A broker does not send its version, but the API versions that it supports give the oldest release that it can be:
 * https://github.com/apache/kafka/tree/trunk/clients/src/main/resources/common/message
 */
export const detectKafkaRelease = (versions: KafkaApiVersions): string => {
  const release = kafkaReleaseMarkers.find(
    ([key, version]) => (versions[key]?.maxVersion ?? -1) >= version,
  )?.[2];
  return release === undefined ? 'Kafka before 2.7' : `Kafka ${release} or later`;
};

/** An API, its version, and the release that introduced that version; the newest first. */
const kafkaReleaseMarkers: readonly (readonly [key: number, version: number, release: string])[] = [
  [0, 13, '4.1'], // Produce by topic id (KIP-516)
  [3, 13, '4.0'], // Metadata that asks clients to rebootstrap (KIP-1102)
  [1, 17, '3.9'], // Fetch with directory ids (KIP-853)
  [1, 16, '3.7'], // Fetch with new leaders (KIP-951)
  [1, 15, '3.5'], // Fetch with the replica state (KIP-903)
  [1, 13, '3.1'], // Fetch by topic id (KIP-516)
  [66, 0, '3.0'], // ListTransactions (KIP-664)
  [60, 0, '2.8'], // DescribeCluster (KIP-700)
  [1, 12, '2.7'], // Fetch with diverging epochs (KIP-595)
];
