import { list } from './account.ts';
import type { Document, Link } from './link.ts';
import { byBytes } from '../order.ts';
import { rulesOf } from './validator.ts';
import type { Rule } from './validator.ts';

const system: ReadonlySet<string> = new Set(['admin', 'config', 'local']);

/** The databases of which the account sees anything, in order, without the server's own. */
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

/** Whether a database is there, as far as the account is told. */
export const isThere = async (link: Link, name: string): Promise<boolean> => {
  const asked = { listDatabases: 1, nameOnly: true, filter: { name } };
  const { databases } = await link.run('admin', asked);
  return list(databases).some((found) => found['name'] === name);
};

export interface Collection {
  readonly name: string;
  readonly kind: 'collection' | 'view';
  /** Measurements are kept in buckets, of which alone the server has the number. */
  readonly timeseries: boolean;
  /** What its validator says of fields. */
  readonly rules: ReadonlyMap<string, Rule>;
}

/** https://www.mongodb.com/docs/manual/reference/command/listCollections/ */
export const collectionOf = ({ name, type, options }: Document): Collection => {
  const { validator, validationLevel = 'strict', validationAction = 'error' } = Object(options) as Document; // of a server: anything
  const isEnforced = validationLevel === 'strict' && validationAction !== 'warn';
  return {
    name: String(name),
    kind: type === 'view' ? 'view' : 'collection',
    timeseries: type === 'timeseries',
    rules: rulesOf(validator, isEnforced),
  };
};
