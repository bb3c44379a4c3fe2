import type { Connector, Target } from '../../connectors/connector.ts';
import type { ExamineOptions } from '../../connectors/examine.ts';
import { placeOfUrl } from '../../connectors/place-of-url.ts';
import { connectorOf } from '../../domain/assemble.ts';
import type { Credentials, NewConnection, StoredConnection } from '../../domain/connection.ts';
import { secretsOf } from '../../domain/given-secrets.ts';
import type { Allowance } from '../../domain/send-credentials.ts';
import type { Tenant } from '../../domain/tenant.ts';
import type { Place } from '../../network/dialer.ts';
import type { Bench } from '../direct-probe.ts';
import {
  mergeStored,
  nameSecret,
  type Released,
  releaseShared,
  releaseStored,
  type SharedVault,
} from './release.ts';

type Fields = Readonly<Record<string, unknown>>;
type Settings = Pick<NewConnection, 'type' | 'config' | 'options' | 'ssl' | 'role'>;

/** What it takes to test a source or to open a session. Only this file creates it, and only from credentials that may be sent to this target. */
export interface Aim {
  readonly connector: Connector;
  readonly target: Target;
  readonly options: ExamineOptions;
}

/** Resolves a draft, with the credentials in the request or with the caller's own shared secret. */
export const aimAtDraft = async (
  bench: Pick<Bench, 'policy' | 'log'> & { readonly vault: SharedVault },
  tenant: Tenant,
  draft: Settings & Pick<NewConnection, 'credentials' | 'secret_arn'>,
): Promise<Aim> => {
  const { secret_arn: arn, credentials } = draft;
  if (!arn) return aimAt(bench, tenant, draft, { credentials });
  const { auth_method } = credentials;
  const released = await releaseShared(bench.vault, { tenant, arn }, { ...draft, auth_method });
  return aimAt(bench, tenant, draft, released);
};

/** Resolves a saved connection. */
export const aimAtSaved = async (bench: Bench, tenant: Tenant, read: StoredConnection): Promise<Aim> =>
  aimAt(bench, tenant, read, await releaseStored(bench.vault, read, read));

/** Resolves a saved connection as a patch would change it. Nothing is stored, so the patch does not change the bound destination. */
export const aimAtPatched = async (
  bench: Bench,
  tenant: Tenant,
  read: StoredConnection,
  { next, given }: { readonly next: StoredConnection; readonly given: Fields | undefined },
): Promise<Aim> => {
  if (!given) return aimAt(bench, tenant, next, await releaseStored(bench.vault, read, next));
  if (!('arn' in read.secret)) {
    const { credentials } = await mergeStored(bench.vault, read, next, given, 'to-test');
    return aimAt(bench, tenant, next, { credentials });
  }
  const { arn, auth_method } = nameSecret(read, given);
  const bound = arn === read.secret.arn ? { bound: read.bound } : {};
  const released = await releaseShared(bench.vault, { tenant, arn, ...bound }, { ...next, auth_method });
  return aimAt(bench, tenant, next, released);
};

/** Puts the target together. From here on, the log hides these secrets. */
const aimAt = (
  { policy, log }: Pick<Bench, 'policy' | 'log'>,
  { environment }: Tenant,
  { type, config, options, ssl, role }: Settings,
  { credentials: all, mayDial }: Released,
): Aim => {
  log.hide(secretsOf({ type, credentials: all }));
  const { ssl_key: key, ...credentials }: Credentials = all;
  const { ssl_mode: mode, connection_timeout_seconds } = options;
  const endpoint = policy.endpoints?.[type];
  const connector = connectorOf(type);
  const own = [type, ...(connector.services ?? [])].flatMap((service) => policy.endpoints?.[service] ?? []);
  return {
    connector,
    target: {
      config,
      credentials,
      options,
      role,
      ...(endpoint !== undefined && { endpoint }),
      ...(policy.endpoints && { endpoints: policy.endpoints }),
      hide: (values) => log.hide(values),
    },
    options: {
      policy,
      environment,
      tlsAsk: { mode, ca: ssl.ca ?? undefined, cert: ssl.cert ?? undefined, key },
      options: { connection_timeout_seconds },
      ...(mayDial && { mayDial: withEndpoints(mayDial, own) }),
    },
  };
};

/** Also allows the endpoints that the deployment configures for services with a fixed host. Callers cannot choose those. */
const withEndpoints = (mayDial: NonNullable<Allowance['mayDial']>, endpoints: readonly string[]) => {
  const places = endpoints.map((url) => placeOfUrl(new URL(url)));
  return (to: Place) => mayDial(to) || places.some(({ host, port }) => host === to.host && port === to.port);
};
