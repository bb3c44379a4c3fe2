import type { Dialer } from '../../network/dialer.ts';
import type { Session } from '../connector.ts';
import { createBucketClient } from './bucket-client.ts';
import type { S3Target } from './config.ts';
import { isS3Denied, classifyS3Error } from './failures.ts';
import { listObjectPage } from './list-object-page.ts';

export const openS3Session = async (target: S3Target, dialer: Dialer): Promise<Session> => {
  await import('@aws-sdk/client-s3'); // before any step: loading takes long enough to look like a slow network
  const bucket = await dialer.step('authenticate', async () => {
    const opened = await createBucketClient(target, dialer);
    try {
      await ignoreS3Denial(() =>
        opened.runRequest((signal) => listObjectPage(opened, signal, { maxKeys: 1 })),
      );
    } catch (error) {
      opened.client.destroy();
      throw error;
    }
    return opened;
  });
  return {
    ping: async () => {
      await ignoreS3Denial(() =>
        bucket.runRequest((signal) => listObjectPage(bucket, signal, { maxKeys: 1 })),
      );
      return s3ApiVersion;
    },
    privileges: async () => (await import('./privileges.ts')).readS3Privileges(bucket, target.role),
    introspect: async (scope, sink) => (await import('./introspect.ts')).introspectS3(bucket, scope, sink),
    [Symbol.asyncDispose]: async () => bucket.client.destroy(),
  };
};

/** The version of the API, because servers do not report their own. https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html */
const s3ApiVersion = 'S3 2006-03-01';

/** Ignores a denial: S3 checks the signature first, so an account that may not list is authenticated all the same. */
const ignoreS3Denial = async (work: () => Promise<unknown>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (!isS3Denied(error)) throw error;
  }
};

export const s3SessionModule = { open: openS3Session, failure: classifyS3Error };
