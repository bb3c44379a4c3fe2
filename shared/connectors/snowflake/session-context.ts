import type { SnowflakeRow } from './driver.ts';

/** Runs one statement. */
export type SnowflakeQuery = (sql: string) => AsyncIterable<SnowflakeRow>;

/** The actual state of a session. It may differ from the config: Snowflake ignores a database or warehouse that the role may not use. */
export interface SnowflakeContext {
  readonly user: string;
  readonly role: string | null;
  readonly database: string | null;
  readonly warehouse: string | null;
  readonly version: string;
  readonly secondaryRoles: readonly string[];
}
