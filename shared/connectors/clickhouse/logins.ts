import type { LoginMethods } from '../../network/login-methods.ts';

export const clickhouseLogins = {
  password: { name: 'a password', kind: 'clear', manual: 'https://clickhouse.com/docs/interfaces/http' },
} as const satisfies LoginMethods;
