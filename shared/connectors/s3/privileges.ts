import type { Privileges, Target } from '../connector.ts';
import type { Bucket } from './client.ts';
import { isDenied, nameOf } from './failures.ts';
import { listPage } from './list.ts';
import { rangedReads } from './ranges.ts';

type Lack = Privileges['missing'][number];

/** Tries each privilege: lists a page, reads one byte of an object, uploads a part for an upload that does not exist. Writes nothing. */
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

/** Renders a statement for the account's policy; with a principal added, it fits the bucket's policy. */
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

/** Finds the error code with which S3 refuses a request; `undefined` if the request succeeds. Throws errors that are not answers of S3. */
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
    // No upload has this ID. S3 says so if the account may write, and denies access if not.
    await bucket.client.send(new UploadPartCommand({ ...to, UploadId: 'bW9vcmluZw', Body: '' }), {
      abortSignal,
    });
  });
};
