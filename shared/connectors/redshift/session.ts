import type { Dialer } from '../../network/dialer.ts';
import { Problem } from '../../problem.ts';
import type { Session } from '../connector.ts';
import { openSession, type PostgresTarget } from '../postgresql/session.ts';
import type { Keys } from './place.ts';

export { failure } from '../postgresql/failures.ts';

/** PostgreSQL's protocol as Redshift speaks it. */
export const open = (
  target: PostgresTarget & { readonly credentials: Keys },
  dialer: Dialer,
): Promise<Session> =>
  openSession(target, dialer, {
    flavor: 'redshift',
    ...(target.credentials.auth_method === 'iam' && {
      become: async (encrypted, logInAs) => {
        if (!encrypted) throw new Problem('tls-required');
        const { becomeTemporary } = await import('./temporary-login.ts');
        return becomeTemporary(target, dialer, logInAs);
      },
    }),
  });
