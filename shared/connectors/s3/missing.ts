import type { Missing } from '../catalog.ts';
import type { MissingReason } from '../missing-reasons.ts';
import type { BucketClient } from './bucket-client.ts';
import type { UnreadReason } from './object-columns.ts';
import type { ObjectFailure } from './failures.ts';
import { createReadGrant } from './privileges.ts';

/** Why objects, or some of their columns, are missing from the catalog. */
export type S3MissingKind = ObjectFailure | UnreadReason | 'cut' | 'unknownTypes';

/** Number of objects or columns for each reason. */
export type S3MissingCounts = Record<S3MissingKind, number>;

export const createS3MissingCounts = (): S3MissingCounts => ({
  denied: 0,
  archived: 0,
  gone: 0,
  keys: 0,
  failing: 0,
  encrypted: 0,
  unreadable: 0,
  unsupported: 0,
  tooLarge: 0,
  cut: 0,
  unknownTypes: 0,
});

export const listS3Missing = (bucket: BucketClient, counts: S3MissingCounts): readonly Missing[] =>
  s3MissingTexts.flatMap(([kind, reason, remediation]) => {
    const count = counts[kind];
    const resolved = typeof remediation === 'string' ? remediation : remediation(bucket);
    return count === 0 ? [] : [{ reason, count, remediation: resolved }];
  });

/** `gone` has no entry: an object that was removed after the listing is not missing. */
const s3MissingTexts: readonly (readonly [
  kind: S3MissingKind,
  reason: MissingReason,
  remediation: string | ((bucket: BucketClient) => string),
])[] = [
  ['denied', 'objects-denied', (bucket) => createReadGrant(bucket).grant],
  [
    'archived',
    'objects-archived',
    'Restore these objects, or move them to a storage class that can be read immediately.',
  ],
  [
    'keys',
    'encryption-keys-denied',
    'Enable the KMS keys of these objects and grant the account kms:Decrypt on these keys. Then introspect again.',
  ],
  [
    'failing',
    'objects-failed',
    'Introspect again later. For each of these objects, the server failed three times: it returned an error, limited the request rate or did not answer.',
  ],
  [
    'encrypted',
    'footers-encrypted',
    'Write these files with a plaintext footer (parquet.encryption.plaintext.footer), so that only the columns are encrypted.',
  ],
  [
    'unreadable',
    'objects-unreadable',
    'Replace or remove these objects. Encrypted and damaged objects are in the catalog without columns.',
  ],
  [
    'unsupported',
    'objects-unsupported',
    'Write the tables as Parquet, CSV or JSON, uncompressed or compressed with gzip or zstd. Files in ORC, Avro, Excel or Arrow, or with another compression, are in the catalog without columns.',
  ],
  [
    'tooLarge',
    'objects-too-large',
    'Write the objects with fewer or less deeply nested values, or set a narrower config.prefix.',
  ],
  [
    'cut',
    'columns-limited',
    'Do not use data as field names: the catalog has only the first columns of these objects.',
  ],
  [
    'unknownTypes',
    'types-unknown',
    'Write these columns with logical types that the Parquet format defines. Until then, the catalog has their physical types.',
  ],
];
