import * as v from 'valibot';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { PostgresqlTarget } from '../postgresql/config.ts';
import type { PostgresqlPasswordLogin } from '../postgresql/session.ts';
import { createAwsRequestHandler } from '../aws/request-handler.ts';
import { toAwsKeys, awsSdkSettings } from '../aws/sdk-settings.ts';
import { redshiftLogins } from './logins.ts';
import { resolveCredentialIssuer, type RedshiftIamKeys, type CredentialIssuer } from './credential-issuer.ts';
import { explainMissingUser, toUnreachableProblem, toIssuerProblem } from './issuer-failures.ts';

type RedshiftTarget = PostgresqlTarget & { readonly credentials: RedshiftIamKeys };

/**
 * Logs in with a password that AWS issues for the keys of the customer, valid for 15 minutes. Never uses the identity of Mooring, which would
 * give every tenant the same access. Does not create a database user.
 */
export const logInTemporarily = async <T>(
  target: RedshiftTarget,
  dialer: Dialer,
  logInAs: (login: PostgresqlPasswordLogin) => Promise<T>,
): Promise<T> => {
  const issuer = resolveCredentialIssuer(target.config.host, target.credentials);
  const login = await requestTemporaryLogin(target, dialer, issuer);
  target.hide?.([login.password]);
  try {
    return await logInAs(login);
  } catch (error) {
    throw issuer.service === 'redshift' ? explainMissingUser(error, target.config.username) : error;
  }
};

const requestTemporaryLogin = async (
  { config, credentials, endpoints }: RedshiftTarget,
  dialer: Dialer,
  issuer: CredentialIssuer,
): Promise<PostgresqlPasswordLogin> => {
  const endpoint = endpoints?.[issuer.service];
  const url = new URL(endpoint ?? `https://${issuer.api}`);
  if (url.protocol !== 'https:') {
    const remediation = `Configure an https endpoint for ${issuer.service} in the deployment: it returns passwords, which must be encrypted.`;
    throw new Problem('tls-required', undefined, { remediation });
  }
  // Only an endpoint of the deployment may have its own authority. `rds` means the authorities of databases, not of this API.
  const { ca } = dialer.tlsSettings;
  const ask = { mode: 'verify-full', ...(endpoint !== undefined && ca !== 'rds' && { ca }) } as const;
  const handler = createAwsRequestHandler(dialer.withoutSteps(ask), {
    secure: true,
    login: redshiftLogins.iam,
    most: MAX_ISSUER_ANSWER_BYTES,
  });
  const official = { api: issuer.api, service: issuer.service, official: endpoint === undefined };
  const handle: typeof handler.handle = (request, options) =>
    handler.handle(request, options).catch((error: unknown) => {
      throw toUnreachableProblem(error, official);
    });
  const settings = {
    ...awsSdkSettings,
    region: issuer.region,
    endpoint: url.origin,
    credentials: toAwsKeys(credentials),
    requestHandler: { ...handler, handle },
  };
  const asked = { name: issuer.name, username: config.username, database: config.database };
  try {
    const requestCredentials = await loadIssuerClient(issuer);
    const answer = v.safeParse(IssuedLogin, await requestCredentials(settings, asked, dialer.signal));
    if (answer.success) return answer.output;
    throw new Problem('protocol-mismatch', 'Expected a user name and a password from AWS');
  } catch (error) {
    throw toIssuerProblem(error, { ...issuer, ...asked, ...official });
  } finally {
    handler.destroy();
  }
};

/** Loads the client before any step, because loading would count as network time. The step itself reports an invalid host. */
export const preloadIssuerClient = async ({ config, credentials }: RedshiftTarget): Promise<void> => {
  try {
    await loadIssuerClient(resolveCredentialIssuer(config.host, credentials));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
};

const loadIssuerClient = async ({ service }: CredentialIssuer) =>
  service === 'redshift'
    ? (await import('./request-cluster-credentials.ts')).requestClusterCredentials
    : (await import('./request-workgroup-credentials.ts')).requestWorkgroupCredentials;

/** Both are sent as NUL-terminated texts, so NUL is refused. */
const IssuedText = v.pipe(v.string(), v.regex(/^[^\0]{1,1024}$/));
const IssuedLogin = v.object({ username: IssuedText, password: IssuedText });

const MAX_ISSUER_ANSWER_BYTES = 2 ** 16;
