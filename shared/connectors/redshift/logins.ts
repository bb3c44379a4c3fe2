import type { Logins } from '../../network/login.ts';
import { logins as postgresql, type PostgresLogins } from '../postgresql/logins.ts';

/** PostgreSQL's, with AWS's temporary passwords in place of tokens of RDS, and nobody to change a pg_hba.conf. */
export const logins = {
  ...postgresql,
  md5: { ...postgresql.md5, manual: 'https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html' },
  cleartext: {
    name: 'a password as it is',
    kind: 'clear',
    manual: 'https://docs.aws.amazon.com/redshift/latest/mgmt/connecting-ssl-support.html',
  },
  /** The keys ask AWS, and the password that it hands out opens the database for 15 minutes. */
  iam: {
    name: 'IAM authentication',
    kind: 'tls-only',
    manual: 'https://docs.aws.amazon.com/redshift/latest/mgmt/generating-user-credentials.html',
  },
} as const satisfies Logins & PostgresLogins;
