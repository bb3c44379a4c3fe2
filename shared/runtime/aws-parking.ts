import { awsClientSettings } from '../adapters/aws/aws-client-settings.ts';
import { readRequiredEnv } from '../env.ts';
import type { Parking } from '../ports/parking.ts';

/** The bucket of parked changes of this deployment. The client is loaded at the first change that is parked, which is rare. */
export const openAwsParking = (): Parking => {
  let parking: Promise<Parking> | undefined;
  const open = async (): Promise<Parking> => {
    const { S3Client } = await import('@aws-sdk/client-s3');
    const { createS3Parking } = await import('../adapters/aws/s3-parking.ts');
    return createS3Parking(new S3Client(awsClientSettings), readRequiredEnv('PARKED_BUCKET'), Date.now);
  };
  return { park: async (change) => (await (parking ??= open())).park(change) };
};
