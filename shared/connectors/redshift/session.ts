import type { Dialer } from '../../network/dialer.ts';
import type { Session } from '../connector.ts';
import type { PostgresqlTarget } from '../postgresql/config.ts';
import { openProtocolSession, type ProtocolFlavor } from '../postgresql/session.ts';
import { redshiftLogins } from './logins.ts';
import { buildRedshiftBegin } from './session-state.ts';
import type { RedshiftIamKeys } from './credential-issuer.ts';
import { classifyPostgresqlError } from '../postgresql/failures.ts';

const redshiftFlavor: ProtocolFlavor = {
  name: 'redshift',
  buildBegin: buildRedshiftBegin,
  versionQuery: 'select version()',
  // The text starts with PostgreSQL 8.0.2.
  renderVersion: (text) => `Redshift ${/Redshift ([\d.]{1,40})/.exec(text)?.[1] ?? 'of unknown version'}`,
  loadIntrospect: async () => (await import('./introspect.ts')).introspectRedshift,
  // With `describe_field_name_in_uppercase`, Redshift returns column names in upper case.
  mapRow: (row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value])),
};

/** Uses the protocol of PostgreSQL in the variant of Redshift. */
export const openRedshiftSession = async (
  target: PostgresqlTarget & { readonly credentials: RedshiftIamKeys },
  dialer: Dialer,
): Promise<Session> => {
  if (target.credentials.auth_method !== 'iam')
    return openProtocolSession(target, dialer, { flavor: redshiftFlavor, logins: redshiftLogins });
  const { logInTemporarily, preloadIssuerClient } = await import('./temporary-login.ts');
  await preloadIssuerClient(target);
  return openProtocolSession(target, dialer, {
    flavor: redshiftFlavor,
    logins: redshiftLogins,
    resolveLogin: async (encrypted, logInAs) => {
      dialer.permitLogin(redshiftLogins.iam, { encrypted });
      return logInTemporarily(target, dialer, logInAs);
    },
  });
};

export const redshiftSessionModule = { open: openRedshiftSession, failure: classifyPostgresqlError };
