import type { LoginMethods } from '../../network/login-methods.ts';

export const sqlserverLogins = {
  /** LOGIN7 contains the password with the halves of each byte swapped and XORed with 0xA5, which is not encryption. */
  password: {
    name: 'SQL Server authentication',
    kind: 'clear',
    manual:
      'https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/773a62b6-ee89-4c02-9e5e-344882630aac',
  },
  /** A token gives access to every database that the application may use. Azure SQL accepts it over TLS only. */
  entra: {
    name: 'Microsoft Entra authentication',
    kind: 'tls-only',
    manual:
      'https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/827d9632-2957-4d54-b9ea-384530ae79d0',
  },
} as const satisfies LoginMethods;
