/** The host that issues tokens of Microsoft Entra. https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud */
export const entraAuthority = 'login.microsoftonline.com';
