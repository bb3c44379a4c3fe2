/**
 * Settings for clients of AWS services, in milliseconds. Without time limits, a silent service would block until Lambda kills the function,
 * and the caller would get no answer. An attempt that times out is retried once.
 */
export const awsClientSettings = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true },
} as const;
