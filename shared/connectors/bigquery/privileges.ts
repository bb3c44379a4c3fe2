import type { Privileges } from '../connector.ts';
import type { Api } from './api.ts';
import { isRefusal } from './failures.ts';
import { grantOn, revokeOn } from './grants.ts';
import type { Account } from './grants.ts';
import { nothingVisible } from './introspect.ts';
import { always } from './quote.ts';

/**
 * Uses dry runs, which check privileges and cost nothing. A dataset's access list has no roles on the whole project or through a group, so
 * excess privileges are found only if they were granted on a dataset by name.
 */
export const privilegesOf = async (
  api: Api,
  account: Account,
  { datasets: named, role }: { readonly datasets?: readonly string[] | undefined; readonly role: string },
): Promise<Privileges> => {
  const names = named ?? (await api.datasets(most)).map(({ name }) => name);
  if (names.length === 0) {
    return { missing: [{ what: 'any dataset', grant: nothingVisible(account).remediation }], excess: [] };
  }
  const look = role === 'source' ? lookAsSource : lookAsTarget;
  const found = await Promise.all(names.slice(0, most).map((name) => look(api, account, name)));
  return {
    missing: found.flatMap(({ missing }) => missing),
    excess: found.flatMap(({ excess }) => excess),
  };
};

/** Limit of datasets to check, because a step of a test has 10 s. */
const most = 10;
const none: Privileges = { missing: [], excess: [] };

type Look = (api: Api, account: Account, name: string) => Promise<Privileges>;

const lookAsSource: Look = async (api, account, name) => {
  const grant = grantOn(account, name, 'dataViewer');
  try {
    const { access } = await api.dataset(name, grant);
    const table = await api.someTable(name, grant);
    if (table !== undefined) {
      await api.dryRun(`select 1 from ${always(account.project, name, table)} limit 1`, grant);
    }
    const writing = access.flatMap(([who, role]) => {
      const real = who === account.email ? writers.get(role) : undefined;
      return real ? [{ what: `writing to dataset ${name}`, cure: revokeOn(account, name, real) }] : [];
    });
    return { missing: [], excess: writing };
  } catch (error) {
    if (!isRefusal(error, 'accessDenied', 'notFound')) throw error;
    return { missing: [{ what: `reading dataset ${name}`, grant }], excess: [] };
  }
};

const lookAsTarget: Look = async (api, account, name) => {
  const grant = grantOn(account, name, 'dataEditor');
  try {
    await api.dryRun(`create table ${always(account.project, name, 'mooring_dry_run')} (id int64)`, grant);
    return none;
  } catch (error) {
    if (!isRefusal(error, 'accessDenied', 'notFound')) throw error;
    return { missing: [{ what: `writing to dataset ${name}`, grant }], excess: [] };
  }
};

/** The three basic roles have their old names in an access list: https://cloud.google.com/bigquery/docs/access-control-basic-roles */
const writers: ReadonlyMap<string, string> = new Map([
  ['WRITER', 'dataEditor'],
  ['OWNER', 'dataOwner'],
  ['roles/bigquery.dataEditor', 'dataEditor'],
  ['roles/bigquery.dataOwner', 'dataOwner'],
  ['roles/bigquery.admin', 'admin'],
]);
