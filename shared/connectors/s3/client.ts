import type { S3Client } from '@aws-sdk/client-s3';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Target } from '../connector.ts';
import { noteRetryAfter, withRetries } from '../retry.ts';
import { within } from '../within.ts';
import { domainOf, isSecure } from './address.ts';
import { isTransient } from './failures.ts';
import { requestHandler } from './request-handler.ts';
import { loginOf } from './logins.ts';
import { keysOf, sdkSettings } from './sdk-settings.ts';

export interface Settings {
  readonly bucket: string;
  readonly region: string;
  readonly prefix?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly access_key_id: string;
}
type Secrets = Readonly<
  Partial<Record<'secret_access_key' | 'session_token' | 'role_arn' | 'external_id', string>>
>;
export type S3Target = Target<Settings, Secrets>;

/** A client of one bucket. It ignores the AWS settings of the process's environment. */
export interface Bucket {
  readonly client: S3Client;
  readonly name: string;
  readonly prefix: string;
  /** Runs a request and the reading of its answer. Retries while the server is busy; the query time limit covers the retries. */
  within<T>(work: (abortSignal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Sends no request to the bucket yet. For the auth method `role`, requests temporary keys first. */
export const bucketOf = async (target: S3Target, dialer: Dialer): Promise<Bucket> => {
  const { config, credentials, options, hide } = target;
  const named = config.endpoint ?? target.endpoint;
  const url = URL.parse(named ?? `https://s3.${domainOf(config.region)}`);
  if (!url) throw new Problem('host-not-found');
  const secure = isSecure(url, options.ssl_mode);
  const login = loginOf(credentials);
  dialer.permitLogin(login, { encrypted: secure });
  const handler = requestHandler(dialer, { secure, login });
  const keys = keysOf({ ...credentials, access_key_id: config.access_key_id });
  const common = { ...sdkSettings, region: config.region, requestHandler: handler };
  const limit = Math.round(options.query_timeout_seconds * 1000);

  const taken = async () => {
    if (credentials.auth_method !== 'role') return keys;
    const { assumeRole } = await import('./assume-role.ts');
    // An endpoint of the connection serves both S3 and STS. So does one of the deployment, unless it names another for STS.
    const sts = config.endpoint ?? target.endpoints?.['sts'] ?? target.endpoint;
    const at = new URL(sts ?? `https://sts.${domainOf(config.region)}`);
    const assumed = await assumeRole(
      { ...common, endpoint: addressOf(at, secure), credentials: keys },
      credentials,
      dialer.signal,
    );
    hide?.([assumed.secretAccessKey, assumed.sessionToken]);
    return assumed;
  };
  const { S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client({
    ...common,
    endpoint: addressOf(url, secure),
    // A wildcard certificate for *.s3… covers no bucket names with dots, and other S3 servers seldom have a host name per bucket.
    forcePathStyle: named !== undefined || config.bucket.includes('.'),
    credentials: await taken(),
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
    within: (work) =>
      within({ limit, remediation: 'Raise query_timeout_seconds.', signal: dialer.signal }, (signal) =>
        withRetries(() => work(signal).catch(throwNoted), { isTransient, signal }),
      ),
  };
};

/** Records the answer's `Retry-After`, so that the next attempt waits as long as the server asks. */
const throwNoted = (error: unknown): never => {
  const { $response }: { $response?: unknown } = Object(error);
  const { headers }: { headers?: unknown } = Object($response);
  throw noteRetryAfter(Object(error), Object(headers)['retry-after']);
};

const addressOf = ({ hostname, port }: URL, secure: boolean): string =>
  `${secure ? 'https' : 'http'}://${hostname}${port && `:${port}`}`;
