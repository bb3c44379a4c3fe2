import type { Dialer } from '../../network/dialer.ts';
import type { Session } from '../connector.ts';
import type { PostgresqlTarget } from '../postgresql/config.ts';
import { openProtocolSession } from '../postgresql/session.ts';
import { redshiftLogins } from './logins.ts';
import type { RedshiftIamKeys } from './credential-issuer.ts';
import { classifyPostgresqlError } from '../postgresql/failures.ts';

/** Uses the protocol of PostgreSQL in the variant of Redshift. */
export const openRedshiftSession = async (
  target: PostgresqlTarget & { readonly credentials: RedshiftIamKeys },
  dialer: Dialer,
): Promise<Session> => {
  if (target.credentials.auth_method !== 'iam')
    return openProtocolSession(target, dialer, { flavor: 'redshift', logins: redshiftLogins });
  const { logInTemporarily, preloadIssuerClient } = await import('./temporary-login.ts');
  await preloadIssuerClient(target);
  return openProtocolSession(target, dialer, {
    flavor: 'redshift',
    logins: redshiftLogins,
    resolveLogin: async (encrypted, logInAs) => {
      dialer.permitLogin(redshiftLogins.iam, { encrypted });
      return logInTemporarily(target, dialer, logInAs);
    },
  });
};

export const redshiftSessionModule = { open: openRedshiftSession, failure: classifyPostgresqlError };
