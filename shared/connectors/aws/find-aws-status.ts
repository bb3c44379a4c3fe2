import { readErrorFields } from '../failure-table.ts';

/** Finds the HTTP status of the answer in an error of an AWS SDK. */
export const findAwsStatus = (error: unknown): number | undefined => {
  const { httpStatusCode } = readErrorFields(readErrorFields(error)['$metadata']);
  return typeof httpStatusCode === 'number' ? httpStatusCode : undefined;
};
