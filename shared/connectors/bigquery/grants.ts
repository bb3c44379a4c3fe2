import { always } from './quote.ts';

export interface Account {
  readonly project: string;
  readonly email: string;
}

/** https://cloud.google.com/bigquery/docs/reference/standard-sql/data-control-language */
export const grantOn = ({ project, email }: Account, dataset: string, role: string): string =>
  `GRANT \`roles/bigquery.${role}\` ON SCHEMA ${always(project, dataset)} TO "serviceAccount:${email}";`;

export const revokeOn = ({ project, email }: Account, dataset: string, role: string): string =>
  `REVOKE \`roles/bigquery.${role}\` ON SCHEMA ${always(project, dataset)} FROM "serviceAccount:${email}";`;

/** Renders a gcloud command, because GoogleSQL has no statement for this grant. */
export const jobsCure = ({ project, email }: Account): string =>
  `gcloud projects add-iam-policy-binding ${project} --member=serviceAccount:${email} --role=roles/bigquery.jobUser`;
