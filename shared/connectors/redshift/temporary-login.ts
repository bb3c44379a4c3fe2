import * as v from 'valibot';
import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Login, PostgresTarget } from '../postgresql/session.ts';
import { requestHandler } from '../s3/request-handler.ts';
import { keysOf, sdkSettings } from '../s3/sdk-settings.ts';
import { logins } from './logins.ts';
import { placeOf, type Keys, type Place } from './place.ts';
import { notLetIn, notReached, refused } from './refusals.ts';

type Target = PostgresTarget & { readonly credentials: Keys };

/**
 * Logs in with a password that AWS issues for the keys of the customer, valid for 15 minutes. Never uses the identity of Mooring, which would
 * give every tenant the same access. Does not create a database user.
 */
export const becomeTemporary = async <T>(
  target: Target,
  dialer: Dialer,
  logInAs: (login: Login) => Promise<T>,
): Promise<T> => {
  const place = placeOf(target.config.host, target.credentials);
  const login = await handedOut(target, dialer, place);
  target.hide?.([login.password]);
  try {
    return await logInAs(login);
  } catch (error) {
    throw place.service === 'redshift' ? notLetIn(error, target.config.username) : error;
  }
};

const handedOut = async (
  { config, credentials, endpoints }: Target,
  dialer: Dialer,
  place: Place,
): Promise<Login> => {
  const endpoint = endpoints?.[place.service];
  const url = new URL(endpoint ?? `https://${place.api}`);
  if (url.protocol !== 'https:') {
    const remediation = `Have the deployment name an https endpoint for ${place.service}: passwords come from it.`;
    throw new Problem('tls-required', undefined, { remediation });
  }
  // Only an endpoint of the deployment may have its own authority. `rds` means the authorities of databases, not of this API.
  const { ca } = dialer.tlsAsk;
  const ask = { mode: 'verify-full', ...(endpoint !== undefined && ca !== 'rds' && { ca }) } as const;
  const handler = requestHandler(dialer.aside(ask), {
    secure: true,
    login: logins.iam,
    most: mostOfAnAnswer,
  });
  const official = { api: place.api, service: place.service, official: endpoint === undefined };
  const handle: typeof handler.handle = (request, options) =>
    handler.handle(request, options).catch((error: unknown) => {
      throw notReached(error, official);
    });
  const settings = {
    ...sdkSettings,
    region: place.region,
    endpoint: url.origin,
    credentials: keysOf(credentials),
    requestHandler: { ...handler, handle },
  };
  const asked = { name: place.name, username: config.username, database: config.database };
  try {
    const client = await clientOf(place);
    const answer = v.safeParse(Answer, await client.ask(settings, asked, dialer.signal));
    if (answer.success) return answer.output;
    throw new Problem('protocol-mismatch', 'Expected a user and a password from AWS');
  } catch (error) {
    throw refused(error, { ...place, ...asked, ...official });
  } finally {
    handler.destroy();
  }
};

/** Loads the client before any step, because loading would count as network time. The step itself reports an invalid host. */
export const prepare = async ({ config, credentials }: Target): Promise<void> => {
  try {
    await clientOf(placeOf(config.host, credentials));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
};

const clientOf = ({ service }: Place) =>
  service === 'redshift' ? import('./ask-cluster.ts') : import('./ask-workgroup.ts');

/** Both are sent as NUL-terminated texts, so NUL is refused. */
const Text = v.pipe(v.string(), v.regex(/^[^\0]{1,1024}$/));
const Answer = v.object({ username: Text, password: Text });

const mostOfAnAnswer = 2 ** 16;
