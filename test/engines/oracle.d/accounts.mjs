// Who may log in, and to what he has a right.
const reads = ['CREATE SESSION', 'SELECT ANY TABLE'];

export const accounts = {
  MOORING_READER: { password: 'p@ss:w/rd#1%', system: reads },
  MOORING_ADMIN: { password: 'admin', system: [...reads, 'INSERT ANY TABLE', 'DROP ANY TABLE', 'CREATE TABLE', 'CREATE ANY TABLE', 'ALTER USER'], roles: ['DBA', 'SELECT_CATALOG_ROLE'] },
  MOORING_WRITER: { password: 'writer', system: [...reads, 'CREATE TABLE', 'INSERT ANY TABLE'] },
  /** Some tables, each by a grant of its own. */
  MOORING_CLERK: {
    password: 'clerk', system: ['CREATE SESSION'], roles: ['CONNECT', 'SALES'],
    grants: { MOORING_CLERK: { 'SHOP.ORDERS': ['SELECT', 'INSERT'], 'SHOP.ORDER_TOTALS': ['READ'] }, SALES: { 'SHOP.ORDERS': ['UPDATE'] }, PUBLIC: { 'SYS.DUAL': ['SELECT'] } },
  },
  MOORING_NOBODY: { password: 'nobody', system: ['CREATE SESSION'] },
  /** A trigger AFTER LOGON has set the session otherwise. */
  MOORING_TRIGGERED: { password: 'triggered', system: reads, session: { NLS_COMP: 'LINGUISTIC', NLS_SORT: 'BINARY_CI', CURRENT_SCHEMA: 'MOORING_TRIGGERED' } },
  MOORING_LOCKED: { password: 'locked', refused: [28000, 'The account is locked.'] },
  MOORING_EXPIRED: { password: 'expired', refused: [28001, 'the password has expired'] },
  MOORING_NO_SESSION: { password: 'session', refused: [1045, 'user MOORING_NO_SESSION lacks CREATE SESSION privilege; logon denied'] },
  MOORING_10G: { password: 'old' },
  /** Waits with every query until it is told to stop, and says then that it has. */
  MOORING_STALLED: { password: 'stalled', system: reads, stalls: true },
  /** Answers no statement, and nothing that is asked after it. */
  MOORING_DEAF: { password: 'deaf', deaf: true },
};

/** What the dictionary shows: SYS's public views to everybody, else what one owns or has a right to. */
export const sees = (user, { owner, name }) => {
  const { system = [], grants = {} } = accounts[user];
  return owner === 'SYS' || owner === user || system.includes('SELECT ANY TABLE') || Object.values(grants).some((places) => `${owner}.${name}` in places);
};
