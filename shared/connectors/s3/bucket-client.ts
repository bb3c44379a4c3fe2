import type { S3Client } from '@aws-sdk/client-s3';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import { recordRetryAfter, withRetries } from '../reading/retry.ts';
import { withTimeout } from '../reading/with-timeout.ts';
import { toAwsDomain, isTlsEndpoint } from './endpoint-url.ts';
import { isTransientS3Error } from './failures.ts';
import { createAwsRequestHandler } from '../aws/request-handler.ts';
import { toS3Login } from './logins.ts';
import { toAwsKeys, awsSdkSettings } from '../aws/sdk-settings.ts';
import type { S3Target } from './config.ts';

/** A client of one bucket. It ignores the AWS settings of the process's environment. */
export interface BucketClient {
  readonly client: S3Client;
  readonly name: string;
  readonly prefix: string;
  /** Runs a request and the reading of its answer. Retries while the server is busy; the query time limit covers the retries. */
  runRequest<T>(work: (abortSignal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Sends no request to the bucket yet. For the auth method `role`, requests temporary keys first. */
export const createBucketClient = async (target: S3Target, dialer: Dialer): Promise<BucketClient> => {
  const { config, credentials, options, hide } = target;
  const endpointUrl = config.endpoint ?? target.endpoint;
  const url = URL.parse(endpointUrl ?? `https://s3.${toAwsDomain(config.region)}`);
  if (!url) throw new Problem('host-not-found');
  const secure = isTlsEndpoint(url, options.ssl_mode);
  const login = toS3Login(credentials);
  dialer.permitLogin(login, { encrypted: secure });
  const handler = createAwsRequestHandler(dialer, { secure, login });
  const accessKeys = toAwsKeys({ ...credentials, access_key_id: config.access_key_id });
  const common = { ...awsSdkSettings, region: config.region, requestHandler: handler };
  const limitMs = Math.round(options.query_timeout_seconds * 1000);

  const resolveAccessKeys = async () => {
    if (credentials.auth_method !== 'role') return accessKeys;
    const { assumeRole } = await import('./assume-role.ts');
    // An endpoint of the connection serves both S3 and STS. So does one of the deployment, unless it names another for STS.
    const sts = config.endpoint ?? target.endpoints?.['sts'] ?? target.endpoint;
    const stsUrl = new URL(sts ?? `https://sts.${toAwsDomain(config.region)}`);
    const assumed = await assumeRole(
      { ...common, endpoint: toEndpointOrigin(stsUrl, secure), credentials: accessKeys },
      credentials,
      dialer.signal,
    );
    hide?.([assumed.secretAccessKey, assumed.sessionToken]);
    return assumed;
  };
  const { S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client({
    ...common,
    endpoint: toEndpointOrigin(url, secure),
    // A wildcard certificate for *.s3… covers no bucket names with dots, and other S3 servers seldom have a host name per bucket.
    forcePathStyle: endpointUrl !== undefined || config.bucket.includes('.'),
    credentials: await resolveAccessKeys(),
    useArnRegion: false,
    disableMultiregionAccessPoints: true,
    disableS3ExpressSessionAuth: true,
    followRegionRedirects: false,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    sigv4aSigningRegionSet: [config.region],
  });
  return {
    client,
    name: config.bucket,
    prefix: config.prefix ?? '',
    runRequest: (work) =>
      withTimeout(
        {
          limit: limitMs,
          remediation: 'Raise query_timeout_seconds, or check the load of the server.',
          signal: dialer.signal,
        },
        (signal) =>
          withRetries(() => work(signal).catch(throwWithRetryAfter), {
            isTransient: isTransientS3Error,
            signal,
          }),
      ),
  };
};

/** Records the answer's `Retry-After`, so that the next attempt waits as long as the server asks. */
const throwWithRetryAfter = (error: unknown): never => {
  const { $response }: { $response?: unknown } = Object(error);
  const { headers }: { headers?: unknown } = Object($response);
  throw recordRetryAfter(Object(error), Object(headers)['retry-after']);
};

const toEndpointOrigin = ({ hostname, port }: URL, secure: boolean): string =>
  `${secure ? 'https' : 'http'}://${hostname}${port && `:${port}`}`;
