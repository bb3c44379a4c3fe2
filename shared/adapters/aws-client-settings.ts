/**
 * For clients of AWS's own services: without limits a service that falls silent is waited for until the function is killed, and the caller
 * is told nothing. Milliseconds; an attempt that reached its limit is made once more.
 */
export const awsClientSettings = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true },
} as const;
