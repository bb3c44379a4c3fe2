import type { LoginMethods } from '../../network/login-methods.ts';
import { postgresqlLogins as postgresql, type PostgresqlLogins } from '../postgresql/logins.ts';

/** The logins of PostgreSQL, with temporary passwords of AWS instead of RDS tokens, and without advice on pg_hba.conf, which Redshift lacks. */
export const redshiftLogins = {
  ...postgresql,
  md5: { ...postgresql.md5, manual: 'https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html' },
  cleartext: {
    name: 'cleartext password authentication',
    kind: 'clear',
    manual: 'https://docs.aws.amazon.com/redshift/latest/mgmt/connecting-ssl-support.html',
  },
  /** AWS issues a password for the keys, which opens the database for 15 minutes. */
  iam: {
    name: 'IAM authentication',
    kind: 'tls-only',
    manual: 'https://docs.aws.amazon.com/redshift/latest/mgmt/generating-user-credentials.html',
  },
} as const satisfies LoginMethods & PostgresqlLogins;
