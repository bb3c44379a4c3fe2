import type { Privileges, Target } from '../connector.ts';
import type { Bucket } from './client.ts';
import { isDenied, nameOf } from './failures.ts';
import { listPage } from './list.ts';
import { rangedReads } from './ranges.ts';

type Lack = Privileges['missing'][number];

/** Asks by doing: a page of the listing, one byte of an object, a part of an upload that does not exist. Nothing is written. */
export const privileges = async (bucket: Bucket, role: Target['role']): Promise<Privileges> => {
  let key = `${bucket.prefix}mooring-no-such-object`;
  const listable = await may(['NoSuchKey'], async () => {
    const { objects } = await bucket.within((signal) => listPage(bucket, signal, { most: 20 }));
    key = objects.find(({ size, archived }) => size > 0 && !archived)?.key ?? key;
  });
  const [readable, writable] = await Promise.all([
    may(['NoSuchKey', 'InvalidRange', 'InvalidObjectState'], () =>
      rangedReads(bucket, { key, size: 1 })(0, 1),
    ),
    may(['NoSuchUpload'], () => uploadNowhere(bucket)),
  ]);
  const cannotList = listable === false ? [mayList(bucket)] : [];
  if (role === 'target') {
    return { missing: [...cannotList, ...(writable === false ? [mayWrite(bucket)] : [])], excess: [] };
  }
  return {
    missing: [...cannotList, ...(readable === false ? [mayRead(bucket)] : [])],
    excess: writable === true ? [{ what: 's3:PutObject', cure: mayNotWrite(bucket) }] : [],
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

/** Refusals that come after a right was found prove it; what other ones say of it is not known. */
const may = async (
  proving: readonly string[],
  work: () => Promise<unknown>,
): Promise<boolean | undefined> => {
  try {
    await work();
    return true;
  } catch (error) {
    if (isDenied(error)) return false;
    const name = nameOf(error);
    if (name === undefined) throw error;
    return proving.includes(name) ? true : undefined;
  }
};

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
