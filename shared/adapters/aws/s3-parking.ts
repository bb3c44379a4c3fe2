import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../../ports/clock.ts';
import type { Parking } from '../../ports/parking.ts';
import { encodeParkedRecord } from '../parked-change.ts';
import { callAws } from './aws-fault.ts';

/** Parked changes in an S3 bucket. Its lifecycle rule deletes them after 14 days. */
export const createS3Parking = (client: Pick<S3Client, 'send'>, bucket: string, clock: Clock): Parking => ({
  park: async (change) => {
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: `parked/${change.id}.json`,
      Body: encodeParkedRecord(change, clock()),
      ContentType: 'application/json',
    });
    await callAws('S3', client.send(command));
  },
});
