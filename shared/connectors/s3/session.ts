import type { Dialer } from '../../network/dialer.ts';
import type { Session } from '../connector.ts';
import { bucketOf, type S3Target } from './client.ts';
import { isDenied, failure } from './failures.ts';
import { listPage } from './list.ts';

export const open = async (target: S3Target, dialer: Dialer): Promise<Session> => {
  await import('@aws-sdk/client-s3'); // before any step: loading takes long enough to look like a slow network
  const bucket = await dialer.step('authenticate', async () => {
    const opened = await bucketOf(target, dialer);
    try {
      await known(() => opened.within((signal) => listPage(opened, signal, { most: 1 })));
    } catch (error) {
      opened.client.destroy();
      throw error;
    }
    return opened;
  });
  return {
    ping: async () => {
      await known(() => bucket.within((signal) => listPage(bucket, signal, { most: 1 })));
      return version;
    },
    privileges: async () => (await import('./privileges.ts')).privileges(bucket, target.role),
    introspect: async (scope, sink) => (await import('./introspect.ts')).introspect(bucket, scope, sink),
    [Symbol.asyncDispose]: async () => bucket.client.destroy(),
  };
};

/** The version of the API, because servers do not report their own. https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html */
const version = 'S3 2006-03-01';

/** Ignores a denial: S3 checks the signature first, so an account that may not list is authenticated all the same. */
const known = async (work: () => Promise<unknown>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (!isDenied(error)) throw error;
  }
};

export const s3SessionModule = { open, failure };
