import { S3Client } from '@aws-sdk/client-s3';
import { awsClientSettings } from '../adapters/aws/aws-client-settings.ts';
import { createS3Parking } from '../adapters/aws/s3-parking.ts';
import { readRequiredEnv } from '../env.ts';
import type { Parking } from '../ports/parking.ts';

/** The bucket of parked changes of this deployment. The client is created at the first change that is parked. */
export const openAwsParking = (): Parking => {
  let parking: Parking | undefined;
  return {
    park: (change) =>
      (parking ??= createS3Parking(
        new S3Client(awsClientSettings),
        readRequiredEnv('PARKED_BUCKET'),
        Date.now,
      )).park(change),
  };
};
