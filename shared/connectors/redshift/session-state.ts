import type { SessionSetting } from '../session-setting.ts';

/**
 * All settings that affect the reading of a catalog and that a user, a database or a parameter group may change (`ALTER USER … SET`). Redshift
 * sets isolation only for a whole database, and has no setting that changes how names are found in its catalog.
 * https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_ConfigurationRef.html
 */
export const redshiftSessionSettings: readonly SessionSetting[] = [
  { name: 'search_path', value: 'pg_catalog', why: 'only Redshift’s own views and functions are used' },
  { name: 'datestyle', value: "'ISO, MDY'", why: 'it changes how defaults that are dates are spelled' },
  { name: 'timezone', value: "'UTC'", why: 'it changes how defaults of type timestamptz are spelled' },
  { name: 'extra_float_digits', value: '2', why: 'floating-point defaults are spelled with all digits' },
];

/** Builds the statements that begin a read-only transaction with all our settings. */
export const buildRedshiftBegin = (timeoutMs: number): readonly string[] => [
  'begin read only',
  `set local statement_timeout = ${Math.max(1, Math.ceil(timeoutMs))}`,
  ...redshiftSessionSettings.map(({ name, value }) => `set local ${name} = ${value}`),
];
