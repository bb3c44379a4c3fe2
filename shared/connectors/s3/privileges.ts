import type { Privileges, Target } from '../connector.ts';
import type { Bucket } from './client.ts';
import { isDenied, nameOf } from './failures.ts';
import { listPage } from './list.ts';
import { rangedReads } from './ranges.ts';

type Lack = Privileges['missing'][number];

/** Asks by doing: a page of the listing, one byte of an object, a part of an upload that does not exist. Nothing is written. */
export const privileges = async (bucket: Bucket, role: Target['role']): Promise<Privileges> => {
  let key = `${bucket.prefix}mooring-no-such-object`;
  const listing = await findRefusal(async () => {
    const { objects } = await bucket.within((signal) => listPage(bucket, signal, { most: 20 }));
    key = objects.find(({ size, archived }) => size > 0 && !archived)?.key ?? key;
  });
  const [reading, writing] = await Promise.all([
    findRefusal(() => rangedReads(bucket, { key, size: 1 })(0, 1)),
    findRefusal(() => uploadNowhere(bucket)),
  ]);
  const cannotList = listing === denied ? [mayList(bucket)] : [];
  if (role === 'target') {
    return { missing: [...cannotList, ...(writing === denied ? [mayWrite(bucket)] : [])], excess: [] };
  }
  const mayUpload = writing === undefined || writing === 'NoSuchUpload';
  return {
    missing: [...cannotList, ...(reading === denied ? [mayRead(bucket)] : [])],
    excess: mayUpload ? [{ what: 's3:PutObject', cure: mayNotWrite(bucket) }] : [],
  };
};

/** A statement for the policy of the account, or with a principal for the bucket's. */
export const mayList = (bucket: Bucket): Lack =>
  lack('s3:ListBucket', {
    Effect: 'Allow',
    Action: 's3:ListBucket',
    Resource: arnOf(bucket),
    ...(bucket.prefix && { Condition: { StringLike: { 's3:prefix': `${bucket.prefix}*` } } }),
  });

export const mayRead = (bucket: Bucket): Lack => lack('s3:GetObject', onObjects(bucket, 's3:GetObject'));

const mayWrite = (bucket: Bucket): Lack => lack('s3:PutObject', onObjects(bucket, 's3:PutObject'));

const lack = (what: string, statement: object): Lack => ({
  what,
  grant: `Grant ${what} by a statement of the account’s policy: ${JSON.stringify(statement)}`,
});

const onObjects = (bucket: Bucket, action: string) => ({
  Effect: 'Allow',
  Action: action,
  Resource: arnOf(bucket, `/${bucket.prefix}*`),
});

const arnOf = ({ name }: Bucket, rest = '') => `arn:aws:s3:::${name}${rest}`;

const mayNotWrite = (bucket: Bucket) =>
  `Take s3:PutObject on ${arnOf(bucket, '/*')} from the account, or use one that only reads.`;

/** What S3 calls its refusal of one request, `undefined` where it did as it was asked; throws what is no answer of S3's. */
const findRefusal = async (work: () => Promise<unknown>): Promise<string | undefined> => {
  try {
    await work();
    return undefined;
  } catch (error) {
    const name = nameOf(error);
    if (name === undefined) throw error;
    return isDenied(error) ? denied : name;
  }
};

const denied = 'AccessDenied';

const uploadNowhere = async (bucket: Bucket): Promise<void> => {
  const { UploadPartCommand } = await import('@aws-sdk/client-s3');
  await bucket.within(async (abortSignal) => {
    const to = { Bucket: bucket.name, Key: `${bucket.prefix}mooring-no-such-object`, PartNumber: 1 };
    // The id of no upload: who may write is told that, who may not that.
    await bucket.client.send(new UploadPartCommand({ ...to, UploadId: 'bW9vcmluZw', Body: '' }), {
      abortSignal,
    });
  });
};
