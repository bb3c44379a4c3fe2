import type { Logins } from '../../network/login.ts';

export const logins = {
  /** LOGIN7 has the password with its half-bytes swapped and 0xA5 over them, which is no encryption. */
  password: {
    name: 'SQL Server authentication',
    kind: 'clear',
    manual:
      'https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/773a62b6-ee89-4c02-9e5e-344882630aac',
  },
  /** A token opens every database that the application may use, and Azure SQL takes it over TLS alone. */
  entra: {
    name: 'Microsoft Entra authentication',
    kind: 'tls-only',
    manual:
      'https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/827d9632-2957-4d54-b9ea-384530ae79d0',
  },
} as const satisfies Logins;
