import { quoteBigqueryPath } from './quote.ts';

export interface BigqueryAccount {
  readonly project: string;
  readonly email: string;
}

/** https://cloud.google.com/bigquery/docs/reference/standard-sql/data-control-language */
export const renderBigqueryGrant = (
  { project, email }: BigqueryAccount,
  dataset: string,
  role: string,
): string =>
  `GRANT \`roles/bigquery.${role}\` ON SCHEMA ${quoteBigqueryPath(project, dataset)} TO "serviceAccount:${email}";`;

export const renderBigqueryRevoke = (
  { project, email }: BigqueryAccount,
  dataset: string,
  role: string,
): string =>
  `REVOKE \`roles/bigquery.${role}\` ON SCHEMA ${quoteBigqueryPath(project, dataset)} FROM "serviceAccount:${email}";`;

/** Renders a gcloud command, because GoogleSQL has no statement for this grant. */
export const renderJobUserCommand = ({ project, email }: BigqueryAccount): string =>
  `gcloud projects add-iam-policy-binding ${project} --member=serviceAccount:${email} --role=roles/bigquery.jobUser`;
