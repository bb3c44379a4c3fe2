import { list } from './account.ts';
import type { Document, Link } from './link.ts';
import { byBytes } from '../order.ts';
import { rulesOf } from './validator.ts';
import type { Rule } from './validator.ts';

const system: ReadonlySet<string> = new Set(['admin', 'config', 'local']);

/** Lists the databases in which the account can see anything, sorted, without the server's own. */
export const databasesSeen = async (link: Link, limit?: number): Promise<readonly string[]> => {
  const { databases } = await link.run(
    'admin',
    { listDatabases: 1, nameOnly: true },
    limit === undefined ? {} : { limit },
  );
  return list(databases)
    .map(({ name }) => String(name))
    .filter((name) => !system.has(name))
    .sort(byBytes);
};

/** Whether the account can see a database of this name. */
export const isThere = async (link: Link, name: string): Promise<boolean> => {
  const asked = { listDatabases: 1, nameOnly: true, filter: { name } };
  const { databases } = await link.run('admin', asked);
  return list(databases).some((found) => found['name'] === name);
};

export interface Collection {
  readonly name: string;
  readonly kind: 'collection' | 'view';
  /** A time series stores documents in buckets, and the server counts only the buckets. */
  readonly timeseries: boolean;
  /** The rules of its validator, by path. */
  readonly rules: ReadonlyMap<string, Rule>;
}

/** https://www.mongodb.com/docs/manual/reference/command/listCollections/ */
export const collectionOf = ({ name, type, options }: Document): Collection => {
  const { validator, validationLevel = 'strict', validationAction = 'error' } = Object(options) as Document; // unchecked: a server may send anything
  const isEnforced = validationLevel === 'strict' && validationAction !== 'warn';
  return {
    name: String(name),
    kind: type === 'view' ? 'view' : 'collection',
    timeseries: type === 'timeseries',
    rules: rulesOf(validator, isEnforced),
  };
};
