import { toDocuments } from './rights.ts';
import type { MemberSession } from './member-session.ts';
import type { MongodbDocument } from './document.ts';
import { compareUtf8 } from '../reading/compare-names.ts';
import { parseValidatorRules } from './validator.ts';
import type { ValidatorRule } from './validator.ts';

const systemDatabases: ReadonlySet<string> = new Set(['admin', 'config', 'local']);

/** Lists the databases in which the account can see anything, sorted, without the server's own. */
export const listVisibleDatabases = async (
  session: MemberSession,
  limit?: number,
): Promise<readonly string[]> => {
  const { databases } = await session.run(
    'admin',
    { listDatabases: 1, nameOnly: true },
    limit === undefined ? {} : { limit },
  );
  return toDocuments(databases)
    .map(({ name }) => String(name))
    .filter((name) => !systemDatabases.has(name))
    .sort(compareUtf8);
};

/** Whether the account can see a database of this name. */
export const hasDatabase = async (session: MemberSession, name: string): Promise<boolean> => {
  const command = { listDatabases: 1, nameOnly: true, filter: { name } };
  const { databases } = await session.run('admin', command);
  return toDocuments(databases).some((found) => found['name'] === name);
};

export interface MongodbCollection {
  readonly name: string;
  readonly kind: 'collection' | 'view';
  /** A time series stores documents in buckets, and the server counts only the buckets. */
  readonly timeseries: boolean;
  /** The rules of its validator, by path. */
  readonly rules: ReadonlyMap<string, ValidatorRule>;
}

/** https://www.mongodb.com/docs/manual/reference/command/listCollections/ */
export const parseMongodbCollection = ({ name, type, options }: MongodbDocument): MongodbCollection => {
  const {
    validator,
    validationLevel = 'strict',
    validationAction = 'error',
  } = Object(options) as MongodbDocument; // unchecked: a server may send anything
  const isEnforced = validationLevel === 'strict' && validationAction !== 'warn';
  return {
    name: String(name),
    kind: type === 'view' ? 'view' : 'collection',
    timeseries: type === 'timeseries',
    rules: parseValidatorRules(validator, isEnforced),
  };
};
