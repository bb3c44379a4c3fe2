/** Accounts, names and refusals of the test engine `postgres`, for all tests that speak its protocol. */
export const as = (username: string, secret: string) => ({
  config: { username },
  credentials: { auth_method: 'password', password: secret },
});

/** Tables from odd.sql. */
export const oddNames = ['a.b', 'Ünïcödé 表 🚢', "it's", ' leading space'];

export const wrongPassword = { credentials: { auth_method: 'password', password: 'never-the-right-one' } };

export const refusals = {
  'a wrong password': { ...wrongPassword, code: 'authentication-failed', native: '28P01' },
  'an unknown user': {
    config: { username: 'nobody_at_all' },
    code: 'authentication-failed',
    native: '28P01',
  },
  'an unknown database': {
    config: { database: 'nowhere' },
    code: 'database-not-found',
    native: '3D000',
  },
  'a database that is closed to it': {
    config: { database: 'locked' },
    code: 'permission-denied',
    native: '42501',
  },
  'an account that may not log in': {
    ...as('mooring_nologin', 'nologin'),
    code: 'account-locked',
    native: '28000',
  },
  'an account without connections left': {
    ...as('mooring_full', 'full'),
    code: 'too-many-connections',
    native: '53300',
  },
} as const;
