/** Where Microsoft Entra hands out tokens. https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud */
export const authority = 'login.microsoftonline.com';
