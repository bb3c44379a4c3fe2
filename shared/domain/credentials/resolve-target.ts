import type { Connector, SessionTarget } from '../../connectors/connector.ts';
import type { SourceSessionOptions } from '../../connectors/run-source-test.ts';
import { toHostPort } from '../../connectors/input/to-host-port.ts';
import { resolveConnector } from '../connections/parse-connection-input.ts';
import type { Credentials, NewConnection, StoredConnection } from '../connections/connection.ts';
import { listDraftSecrets } from '../input/request-secrets.ts';
import type { SendAllowance } from './send-credentials.ts';
import type { Tenant } from '../access/tenant.ts';
import type { HostPort } from '../../network/dialer.ts';
import type { ProbeDependencies } from '../../ports/probe-dependencies.ts';
import {
  mergeStoredCredentials,
  resolveNamedSecret,
  type ReleasedCredentials,
  releaseSharedCredentials,
  releaseStoredCredentials,
  type SharedVault,
} from './release-credentials.ts';

type PatchedCredentialFields = Readonly<Record<string, unknown>>;
type TargetSettings = Pick<NewConnection, 'type' | 'config' | 'options' | 'ssl' | 'role'>;

/** What it takes to test a source or to open a session. Only this file creates it, and only from credentials that may be sent to this target. */
export interface ResolvedTarget {
  readonly connector: Connector;
  readonly target: SessionTarget;
  readonly options: SourceSessionOptions;
  /** In platform mode: the version of the caller's secret that the credentials are from. */
  readonly secretVersion?: string;
}

/** Resolves a draft, with the credentials in the request or with the caller's own shared secret. */
export const resolveDraftTarget = async (
  deps: Pick<ProbeDependencies, 'policy' | 'log'> & { readonly vault: SharedVault },
  tenant: Tenant,
  draft: TargetSettings & Pick<NewConnection, 'credentials' | 'secret_arn'>,
): Promise<ResolvedTarget> => {
  const { secret_arn: arn, credentials } = draft;
  if (!arn) return resolveTarget(deps, tenant, draft, { credentials });
  const { auth_method } = credentials;
  const released = await releaseSharedCredentials(deps.vault, { tenant, arn }, { ...draft, auth_method });
  return resolveTarget(deps, tenant, draft, released);
};

/** Resolves a saved connection. */
export const resolveSavedTarget = async (
  deps: ProbeDependencies,
  tenant: Tenant,
  stored: StoredConnection,
): Promise<ResolvedTarget> =>
  resolveTarget(deps, tenant, stored, await releaseStoredCredentials(deps.vault, stored, stored));

/** Resolves a saved connection as a patch would change it. Nothing is stored, so the patch does not change the bound destination. */
export const resolvePatchedTarget = async (
  deps: ProbeDependencies,
  tenant: Tenant,
  stored: StoredConnection,
  { next, given }: { readonly next: StoredConnection; readonly given: PatchedCredentialFields | undefined },
): Promise<ResolvedTarget> => {
  if (!given)
    return resolveTarget(deps, tenant, next, await releaseStoredCredentials(deps.vault, stored, next));
  if (!('arn' in stored.secret)) {
    const { credentials } = await mergeStoredCredentials(deps.vault, stored, next, given, 'to-test');
    return resolveTarget(deps, tenant, next, { credentials });
  }
  const { arn, auth_method } = resolveNamedSecret(stored, given);
  const bound = arn === stored.secret.arn ? { bound: stored.bound } : {};
  const released = await releaseSharedCredentials(
    deps.vault,
    { tenant, arn, ...bound },
    { ...next, auth_method },
  );
  return resolveTarget(deps, tenant, next, released);
};

/** Puts the target together. From here on, the log hides these secrets. */
const resolveTarget = (
  { policy, log }: Pick<ProbeDependencies, 'policy' | 'log'>,
  { environment }: Tenant,
  { type, config, options, ssl, role }: TargetSettings,
  { credentials: all, mayDial, version }: ReleasedCredentials,
): ResolvedTarget => {
  log.hide(listDraftSecrets({ type, credentials: all }));
  const { ssl_key: key, ...credentials }: Credentials = all;
  const { ssl_mode: mode, connection_timeout_seconds } = options;
  const endpoint = policy.endpoints?.[type];
  const connector = resolveConnector(type);
  const endpointUrls = [type, ...(connector.services ?? [])].flatMap(
    (service) => policy.endpoints?.[service] ?? [],
  );
  return {
    connector,
    ...(version !== undefined && { secretVersion: version }),
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
      tlsSettings: { mode, ca: ssl.ca ?? undefined, cert: ssl.cert ?? undefined, key },
      options: { connection_timeout_seconds },
      ...(mayDial && { mayDial: allowEndpoints(mayDial, endpointUrls) }),
    },
  };
};

/** Also allows the endpoints that the deployment configures for services with a fixed host. Callers cannot choose those. */
const allowEndpoints = (mayDial: NonNullable<SendAllowance['mayDial']>, endpoints: readonly string[]) => {
  const places = endpoints.map((url) => toHostPort(new URL(url)));
  return (to: HostPort) =>
    mayDial(to) || places.some(({ host, port }) => host === to.host && port === to.port);
};
