import type { Dialer } from '../../network/dialer.ts';
import type { Session } from '../connector.ts';
import { openSession, type PostgresTarget } from '../postgresql/session.ts';
import { logins } from './logins.ts';
import type { Keys } from './place.ts';
import { failure } from '../postgresql/failures.ts';

/** Uses the protocol of PostgreSQL in the variant of Redshift. */
export const open = async (
  target: PostgresTarget & { readonly credentials: Keys },
  dialer: Dialer,
): Promise<Session> => {
  if (target.credentials.auth_method !== 'iam')
    return openSession(target, dialer, { flavor: 'redshift', logins });
  const { becomeTemporary, prepare } = await import('./temporary-login.ts');
  await prepare(target);
  return openSession(target, dialer, {
    flavor: 'redshift',
    logins,
    become: async (encrypted, logInAs) => {
      dialer.permitLogin(logins.iam, { encrypted });
      return becomeTemporary(target, dialer, logInAs);
    },
  });
};

export const redshiftSessionModule = { open, failure };
