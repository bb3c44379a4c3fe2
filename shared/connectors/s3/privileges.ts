import type { Privileges, SessionTarget } from '../connector.ts';
import type { BucketClient } from './bucket-client.ts';
import { isS3Denied, findS3ErrorCode } from './failures.ts';
import { listObjectPage } from './list-object-page.ts';
import { createRangeReader } from './range-reader.ts';

type S3MissingPrivilege = Privileges['missing'][number];

/** Tries each privilege: lists a page, reads one byte of an object, uploads a part for an upload that does not exist. Writes nothing. */
export const readS3Privileges = async (
  bucket: BucketClient,
  role: SessionTarget['role'],
): Promise<Privileges> => {
  let key = `${bucket.prefix}mooring-no-such-object`;
  const listing = await findS3Refusal(async () => {
    const { objects } = await bucket.runRequest((signal) => listObjectPage(bucket, signal, { maxKeys: 20 }));
    key = objects.find(({ size, archived }) => size > 0 && !archived)?.key ?? key;
  });
  const [reading, writing] = await Promise.all([
    findS3Refusal(() => createRangeReader(bucket, { key, size: 1 })(0, 1)),
    findS3Refusal(() => tryUploadPart(bucket)),
  ]);
  const cannotList = listing === accessDeniedCode ? [createListGrant(bucket)] : [];
  if (role === 'target') {
    return {
      missing: [...cannotList, ...(writing === accessDeniedCode ? [createWriteGrant(bucket)] : [])],
      excess: [],
    };
  }
  const canUpload = writing === undefined || writing === 'NoSuchUpload';
  return {
    missing: [...cannotList, ...(reading === accessDeniedCode ? [createReadGrant(bucket)] : [])],
    excess: canUpload ? [{ what: 's3:PutObject', revoke: renderWriteRevoke(bucket) }] : [],
  };
};

/** Renders a statement for the account's policy; with a principal added, it fits the bucket's policy. */
export const createListGrant = (bucket: BucketClient): S3MissingPrivilege =>
  createS3Grant('s3:ListBucket', {
    Effect: 'Allow',
    Action: 's3:ListBucket',
    Resource: toBucketArn(bucket),
    ...(bucket.prefix && { Condition: { StringLike: { 's3:prefix': `${bucket.prefix}*` } } }),
  });

export const createReadGrant = (bucket: BucketClient): S3MissingPrivilege =>
  createS3Grant('s3:GetObject', createObjectStatement(bucket, 's3:GetObject'));

const createWriteGrant = (bucket: BucketClient): S3MissingPrivilege =>
  createS3Grant('s3:PutObject', createObjectStatement(bucket, 's3:PutObject'));

const createS3Grant = (what: string, statement: object): S3MissingPrivilege => ({
  what,
  grant: `Add a statement to the account’s policy that grants ${what}: ${JSON.stringify(statement)}`,
});

const createObjectStatement = (bucket: BucketClient, action: string) => ({
  Effect: 'Allow',
  Action: action,
  Resource: toBucketArn(bucket, `/${bucket.prefix}*`),
});

const toBucketArn = ({ name }: BucketClient, rest = '') => `arn:aws:s3:::${name}${rest}`;

const renderWriteRevoke = (bucket: BucketClient) =>
  `Remove s3:PutObject on ${toBucketArn(bucket, '/*')} from the account’s policy, or use an account that can only read.`;

/** Finds the error code with which S3 refuses a request; `undefined` if the request succeeds. Throws errors that are not answers of S3. */
const findS3Refusal = async (work: () => Promise<unknown>): Promise<string | undefined> => {
  try {
    await work();
    return undefined;
  } catch (error) {
    const name = findS3ErrorCode(error);
    if (name === undefined) throw error;
    return isS3Denied(error) ? accessDeniedCode : name;
  }
};

const accessDeniedCode = 'AccessDenied';

const tryUploadPart = async (bucket: BucketClient): Promise<void> => {
  const { UploadPartCommand } = await import('@aws-sdk/client-s3');
  await bucket.runRequest(async (abortSignal) => {
    const part = { Bucket: bucket.name, Key: `${bucket.prefix}mooring-no-such-object`, PartNumber: 1 };
    // No upload has this ID. S3 says so if the account may write, and denies access if not.
    await bucket.client.send(new UploadPartCommand({ ...part, UploadId: 'bW9vcmluZw', Body: '' }), {
      abortSignal,
    });
  });
};
