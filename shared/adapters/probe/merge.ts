import { connectorOf, credentialFields } from '../../domain/assemble.ts';
import type { Credentials, StoredConnection } from '../../domain/connection.ts';
import { checkChange } from '../../domain/contradictions.ts';
import { checkShared } from '../../domain/create.ts';
import { destinationOf, mayGoTo } from '../../domain/destination.ts';
import { mergeCredentials } from '../../domain/patch.ts';
import { refusal } from '../../parse.ts';
import type { Bench } from '../direct-probe.ts';
import { credentialsFor } from './target.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The whole set after a patch, of which nothing old is read where nothing old may go along. */
export const mergedFor = async (
  bench: Pick<Bench, 'vault'>,
  read: StoredConnection,
  next: StoredConnection,
  given: Fields,
): Promise<Credentials> => {
  const connector = connectorOf(read.type);
  const stays = mayGoTo(read.bound, destinationOf(connector, next));
  const old = stays ? await credentialsFor(bench, read, next) : undefined;
  const credentials = mergeCredentials(connector, old, given, next);
  checkChange(connector, read, { ...next, auth_method: credentials.auth_method });
  return credentials;
};

/** Platform mode: the caller changes which secret of his own is meant, or says again that it may go where the connection now points. */
export const withArn = async (
  { vault }: Pick<Bench, 'vault'>,
  next: StoredConnection,
  given: Fields,
): Promise<StoredConnection> => {
  const {
    secret_arn: arn = 'arn' in next.secret ? next.secret.arn : undefined,
    auth_method: method,
    ...others
  } = given;
  const connector = connectorOf(next.type);
  const known = credentialFields(connector);
  const wrong = Object.keys(others).map((name) => ({
    path: `credentials.${known.has(name) ? name : '*'}`,
    expected: 'no such field in mode platform',
  }));
  if (typeof arn !== 'string')
    wrong.push({ path: 'credentials.secret_arn', expected: 'the ARN of a secret' });
  if (method !== undefined && (typeof method !== 'string' || !Object.hasOwn(connector.credentials, method))) {
    wrong.push({ path: 'credentials.auth_method', expected: 'an auth method of this connector' });
  }
  if (wrong.length > 0 || typeof arn !== 'string') throw refusal(wrong);
  const tenant = { org: next.org_id, environment: next.environment_id };
  await checkShared(vault, { tenant }, arn, next);
  return {
    ...next,
    secret: { arn },
    bound: destinationOf(connector, next),
    credentials_version: next.credentials_version + 1,
    ...(typeof method === 'string' && { auth_method: method }),
  };
};
