import type { SessionSetting } from '../session-setting.ts';

/**
 * All settings that affect the reading of a catalog and that a user, a database or a parameter group may change (`ALTER USER … SET`). Redshift
 * sets isolation only for a whole database, and has no setting that changes how names are found in its catalog.
 * https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_ConfigurationRef.html
 */
export const redshiftSessionSettings: readonly SessionSetting[] = [
  { name: 'search_path', value: 'pg_catalog', why: "nobody's views and functions but Redshift's own" },
  { name: 'datestyle', value: "'ISO, MDY'", why: 'defaults that are dates' },
  { name: 'timezone', value: "'UTC'", why: 'defaults of type timestamptz' },
  { name: 'extra_float_digits', value: '2', why: 'defaults that are floating-point numbers, in full' },
];

/** Builds the statements that begin a read-only transaction with all our settings. */
export const buildRedshiftBegin = (timeoutMs: number): readonly string[] => [
  'begin read only',
  `set local statement_timeout = ${Math.max(1, Math.ceil(timeoutMs))}`,
  ...redshiftSessionSettings.map(({ name, value }) => `set local ${name} = ${value}`),
];
