import * as v from 'valibot';
import type { Dialer } from '../../network/dialer.ts';
import type { Session, Target } from '../connector.ts';
import { createApi } from './api.ts';
import { jobsCure } from './grants.ts';
import { introspect } from './introspect.ts';
import { logins } from './logins.ts';
import { privilegesOf } from './privileges.ts';
import { createRest } from './rest.ts';
import { assertionOf } from './token.ts';
import { failure } from './failures.ts';

interface Settings {
  readonly project_id: string;
  readonly location?: string | undefined;
  readonly datasets?: readonly string[] | undefined;
}

export const open = async (
  {
    config,
    credentials,
    options,
    role,
    endpoint,
    hide,
  }: Target<Settings, { readonly service_account?: string }>,
  dialer: Dialer,
): Promise<Session> => {
  const base = endpoint?.replace(/\/+$/, '');
  const rest = createRest(dialer, base === undefined || base.startsWith('https:'), logins.service_account);
  const { project_id: project, location, datasets } = config;
  try {
    const { account, api } = await dialer.step('authenticate', async () => {
      const { email, assertion } = assertionOf(credentials.service_account);
      hide?.([assertion]);
      const { access_token: token } = await rest.ask({
        url: new URL(`${base ?? 'https://oauth2.googleapis.com'}/token`),
        body: String(
          new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }),
        ),
        answer: Token,
      });
      hide?.([token]);
      const proven = createApi(rest, {
        base: base ?? 'https://bigquery.googleapis.com',
        token,
        project,
        location,
        limitMs: options.query_timeout_seconds * 1000,
      });
      // Google has accepted the account; the dry run shows whether the project does.
      const who = { project, email };
      await proven.dryRun('select 1', jobsCure(who));
      return { account: who, api: proven };
    });

    return {
      ping: async () => {
        await api.datasets(1);
        return 'BigQuery v2';
      },
      privileges: () => privilegesOf(api, account, { datasets, role }),
      introspect: (scope, sink) =>
        introspect(api, account, { ...scope, schemas: scope.schemas ?? datasets, location }, sink),
      [Symbol.asyncDispose]: async () => rest[Symbol.dispose](),
    };
  } catch (error) {
    rest[Symbol.dispose]();
    throw error;
  }
};

/** The token becomes the value of a header, so it must not contain a line break. */
const Token = v.object({ access_token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,8192}$/)) });

export const bigquerySessionModule = { open, failure };
