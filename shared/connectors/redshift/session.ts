import type { Dialer } from '../../network/dialer.ts';
import type { Session } from '../connector.ts';
import { openSession, type PostgresTarget } from '../postgresql/session.ts';

export { failure } from '../postgresql/failures.ts';

/** PostgreSQL's protocol as Redshift speaks it. */
export const open = (target: PostgresTarget, dialer: Dialer): Promise<Session> =>
  openSession(target, dialer, 'redshift');
