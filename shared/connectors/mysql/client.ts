import type { ReadAllowance } from '../reading/byte-meter.ts';

/** A driver connection that is logged in. */
export interface MysqlClient extends AsyncDisposable {
  /** Runs one statement and passes each row, an array of values, to `row` as it arrives. Keeps no rows. */
  readonly ask: (sql: string, row?: (values: readonly unknown[]) => void) => Promise<void>;
  /** Limits how many bytes the server may still send. Several connections may share one allowance. */
  readonly allow: (allowance: ReadAllowance) => void;
}
