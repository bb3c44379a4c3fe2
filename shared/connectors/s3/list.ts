import { Problem } from '../../problem.ts';
import type { Bucket } from './client.ts';

export interface Listed {
  readonly key: string;
  readonly size: number;
  /** Milliseconds. */
  readonly changed: number;
  /** Whether it must be brought back before it can be read. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html */
  readonly archived: boolean;
}

export interface Page {
  readonly objects: readonly Listed[];
  /** With a delimiter: the prefixes that stand for what is below them. */
  readonly folders: readonly string[];
  readonly next?: string;
}

interface Asked {
  /** Below the bucket's own. */
  readonly prefix?: string;
  readonly delimiter?: string;
  readonly from?: string;
  readonly most?: number;
}

/** A page of at most a thousand keys, in the order of their UTF-8 bytes. */
export const listPage = async (
  { client, name, prefix: root }: Bucket,
  abortSignal: AbortSignal,
  { prefix = root, delimiter, from, most }: Asked = {},
): Promise<Page> => {
  const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
  const answer = await client.send(
    new ListObjectsV2Command({
      Bucket: name,
      // XML cannot hold every character that a key can.
      EncodingType: 'url',
      ...(prefix && { Prefix: prefix }),
      ...(delimiter !== undefined && { Delimiter: delimiter }),
      ...(from !== undefined && { ContinuationToken: from }),
      ...(most !== undefined && { MaxKeys: most }),
    }),
    { abortSignal },
  );
  // Any XML is read as a listing of nothing.
  if (answer.KeyCount === undefined && answer.IsTruncated === undefined && answer.Name === undefined)
    throw new Problem('protocol-mismatch');
  const spelled = (text: string) => (answer.EncodingType === 'url' ? decoded(text) : text);
  const folders = (answer.CommonPrefixes ?? []).flatMap(({ Prefix }) =>
    Prefix === undefined ? [] : [spelled(Prefix)],
  );
  const objects = (answer.Contents ?? []).flatMap(({ Key, Size, LastModified, StorageClass }) =>
    Key === undefined
      ? []
      : [
          {
            key: spelled(Key),
            size: Size ?? 0,
            changed: LastModified?.getTime() ?? 0,
            archived: StorageClass === 'GLACIER' || StorageClass === 'DEEP_ARCHIVE',
          },
        ],
  );
  const next = answer.IsTruncated === true ? answer.NextContinuationToken : undefined;
  return { objects, folders, ...(next !== undefined && { next }) };
};

const decoded = (key: string): string => {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
};
