import * as v from 'valibot';
import type { Dialer } from '../../network/dialer.ts';
import type { Session } from '../connector.ts';
import { createBigqueryApi } from './api.ts';
import { renderJobUserCommand } from './grants.ts';
import { introspectBigquery } from './introspect.ts';
import { bigqueryLogins } from './logins.ts';
import { readBigqueryPrivileges } from './privileges.ts';
import { createRestClient } from '../http/rest-client.ts';
import { createBigqueryAssertion } from './assertion.ts';
import { classifyBigqueryError, isTransientGoogleError } from './failures.ts';
import type { BigqueryTarget } from './config.ts';

export const openBigquerySession = async (
  { config, credentials, options, role, endpoint, hide }: BigqueryTarget,
  dialer: Dialer,
): Promise<Session> => {
  const base = endpoint?.replace(/\/+$/, '');
  const rest = createRestClient(dialer, {
    secure: base === undefined || base.startsWith('https:'),
    login: bigqueryLogins.service_account,
    api: 'the BigQuery API',
    isTransient: isTransientGoogleError,
  });
  const { project_id: project, location, datasets } = config;
  try {
    const { account, api } = await dialer.step('authenticate', async () => {
      const { email, assertion } = createBigqueryAssertion(credentials.service_account);
      hide?.([assertion]);
      const { access_token: token } = await rest.ask({
        url: new URL(`${base ?? 'https://oauth2.googleapis.com'}/token`),
        body: String(
          new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }),
        ),
        answer: BigqueryToken,
      });
      hide?.([token]);
      const proven = createBigqueryApi(rest, {
        base: base ?? 'https://bigquery.googleapis.com',
        token,
        project,
        location,
        limitMs: options.query_timeout_seconds * 1000,
      });
      // Google has accepted the account; the dry run shows whether the project does.
      const account = { project, email };
      await proven.dryRun('select 1', renderJobUserCommand(account));
      return { account, api: proven };
    });

    return {
      ping: async () => {
        await api.listDatasets(1);
        return 'BigQuery v2';
      },
      privileges: () => readBigqueryPrivileges(api, account, { datasets, role }),
      introspect: (scope, sink) =>
        introspectBigquery(api, account, { ...scope, schemas: scope.schemas ?? datasets, location }, sink),
      [Symbol.asyncDispose]: async () => rest[Symbol.dispose](),
    };
  } catch (error) {
    rest[Symbol.dispose]();
    throw error;
  }
};

/** The token becomes the value of a header, so it must not contain a line break. */
const BigqueryToken = v.object({ access_token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,8192}$/)) });

export const bigquerySessionModule = { open: openBigquerySession, failure: classifyBigqueryError };
