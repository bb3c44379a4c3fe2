import { Problem } from '../../problem.ts';
import type { BucketClient } from './bucket-client.ts';

export interface ListedObject {
  readonly key: string;
  readonly size: number;
  /** When it was last modified, in milliseconds since 1970. */
  readonly changed: number;
  /** Whether it must be restored before it can be read. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html */
  readonly archived: boolean;
}

export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** With a delimiter: common prefixes, which stand for the objects below them. */
  readonly folders: readonly string[];
  readonly next?: string;
}

interface ObjectPageOptions {
  /** Begins with the connection's own prefix, which is the default. */
  readonly prefix?: string;
  readonly delimiter?: string;
  readonly from?: string;
  readonly maxKeys?: number;
}

/** Lists at most 1000 keys, in the order of their UTF-8 bytes. */
export const listObjectPage = async (
  { client, name, prefix: root }: BucketClient,
  abortSignal: AbortSignal,
  { prefix = root, delimiter, from, maxKeys }: ObjectPageOptions = {},
): Promise<ObjectPage> => {
  const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
  const answer = await client.send(
    new ListObjectsV2Command({
      Bucket: name,
      // XML cannot represent every character that a key may contain.
      EncodingType: 'url',
      ...(prefix && { Prefix: prefix }),
      ...(delimiter !== undefined && { Delimiter: delimiter }),
      ...(from !== undefined && { ContinuationToken: from }),
      ...(maxKeys !== undefined && { MaxKeys: maxKeys }),
    }),
    { abortSignal },
  );
  // The SDK reads any other XML as an empty listing.
  if (answer.KeyCount === undefined && answer.IsTruncated === undefined && answer.Name === undefined)
    throw new Problem('protocol-mismatch');
  const decodeIfEncoded = (text: string) => (answer.EncodingType === 'url' ? decodeObjectKey(text) : text);
  const folders = (answer.CommonPrefixes ?? []).flatMap(({ Prefix }) =>
    Prefix === undefined ? [] : [decodeIfEncoded(Prefix)],
  );
  const objects = (answer.Contents ?? []).flatMap(({ Key, Size, LastModified, StorageClass }) =>
    Key === undefined
      ? []
      : [
          {
            key: decodeIfEncoded(Key),
            size: Size ?? 0,
            changed: LastModified?.getTime() ?? 0,
            archived: StorageClass === 'GLACIER' || StorageClass === 'DEEP_ARCHIVE',
          },
        ],
  );
  const next = answer.IsTruncated === true ? answer.NextContinuationToken : undefined;
  return { objects, folders, ...(next !== undefined && { next }) };
};

const decodeObjectKey = (key: string): string => {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
};
