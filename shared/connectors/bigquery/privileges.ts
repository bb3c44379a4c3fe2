import type { Privileges } from '../connector.ts';
import type { BigqueryApi } from './api.ts';
import { isRestRefusal } from '../http/rest-refusal.ts';
import { renderBigqueryGrant, renderBigqueryRevoke } from './grants.ts';
import type { BigqueryAccount } from './grants.ts';
import { createNoDatasetMissing } from './introspect.ts';
import { quoteBigqueryPath } from './quote.ts';

/**
 * Uses dry runs, which check privileges and cost nothing. A dataset's access list has no roles on the whole project or through a group, so
 * excess privileges are found only if they were granted on a dataset by name.
 */
export const readBigqueryPrivileges = async (
  api: BigqueryApi,
  account: BigqueryAccount,
  { datasets: named, role }: { readonly datasets?: readonly string[] | undefined; readonly role: string },
): Promise<Privileges> => {
  const names = named ?? (await api.listDatasets(MAX_CHECKED_DATASETS)).map(({ name }) => name);
  if (names.length === 0) {
    return {
      missing: [{ what: 'any dataset', grant: createNoDatasetMissing(account).remediation }],
      excess: [],
    };
  }
  const readPrivileges = role === 'source' ? readSourcePrivileges : readTargetPrivileges;
  const found = await Promise.all(
    names.slice(0, MAX_CHECKED_DATASETS).map((name) => readPrivileges(api, account, name)),
  );
  return {
    missing: found.flatMap(({ missing }) => missing),
    excess: found.flatMap(({ excess }) => excess),
  };
};

/** Limit of datasets to check, because a step of a test has 10 s. */
const MAX_CHECKED_DATASETS = 10;
const noBigqueryFindings: Privileges = { missing: [], excess: [] };

type ReadDatasetPrivileges = (
  api: BigqueryApi,
  account: BigqueryAccount,
  name: string,
) => Promise<Privileges>;

const readSourcePrivileges: ReadDatasetPrivileges = async (api, account, name) => {
  const grant = renderBigqueryGrant(account, name, 'dataViewer');
  try {
    const { access } = await api.readDataset(name, grant);
    const table = await api.findAnyTable(name, grant);
    if (table !== undefined) {
      await api.dryRun(`select 1 from ${quoteBigqueryPath(account.project, name, table)} limit 1`, grant);
    }
    const writing = access.flatMap(([who, role]) => {
      const real = who === account.email ? bigqueryWriterRoles.get(role) : undefined;
      return real
        ? [{ what: `writing to dataset ${name}`, revoke: renderBigqueryRevoke(account, name, real) }]
        : [];
    });
    return { missing: [], excess: writing };
  } catch (error) {
    if (!isRestRefusal(error, 'accessDenied', 'notFound')) throw error;
    return { missing: [{ what: `reading dataset ${name}`, grant }], excess: [] };
  }
};

const readTargetPrivileges: ReadDatasetPrivileges = async (api, account, name) => {
  const grant = renderBigqueryGrant(account, name, 'dataEditor');
  try {
    await api.dryRun(
      `create table ${quoteBigqueryPath(account.project, name, 'mooring_dry_run')} (id int64)`,
      grant,
    );
    return noBigqueryFindings;
  } catch (error) {
    if (!isRestRefusal(error, 'accessDenied', 'notFound')) throw error;
    return { missing: [{ what: `writing to dataset ${name}`, grant }], excess: [] };
  }
};

/** The three basic roles have their old names in an access list: https://cloud.google.com/bigquery/docs/access-control-basic-roles */
const bigqueryWriterRoles: ReadonlyMap<string, string> = new Map([
  ['WRITER', 'dataEditor'],
  ['OWNER', 'dataOwner'],
  ['roles/bigquery.dataEditor', 'dataEditor'],
  ['roles/bigquery.dataOwner', 'dataOwner'],
  ['roles/bigquery.admin', 'admin'],
]);
