import type { TableDraft } from '../sql/table-draft.ts';
import type { MysqlClient } from './client.ts';
import { quoteMysqlPath } from './quote.ts';

/**
 * Marks the views that cannot be read. information_schema does not show that the definer of a view was dropped, or lost the rights to the
 * tables below it. CHECK TABLE opens each view without running it. Returns the number of views left unchecked because a table below them is
 * locked. https://dev.mysql.com/doc/refman/9.7/en/check-table.html
 */
export const markBrokenMysqlViews = async (
  client: MysqlClient,
  found: readonly TableDraft[],
): Promise<number> => {
  const views = found.filter(
    ({ kind, access, isBroken }) => kind === 'view' && access === 'all' && !isBroken,
  );
  for (let from = 0; from < views.length; from += MAX_VIEWS_PER_CHECK) {
    const batch = views.slice(from, from + MAX_VIEWS_PER_CHECK);
    const checked = await markBrokenViewBatch(client, batch);
    if (checked < batch.length) return views.length - from - checked;
  }
  return 0;
};

/** Views per statement. A name takes at most about 400 bytes of it. */
const MAX_VIEWS_PER_CHECK = 500;

/** Returns the number of views checked. Stops at the first lock, because every further view could wait for that lock again. */
const markBrokenViewBatch = (client: MysqlClient, views: readonly TableDraft[]): Promise<number> => {
  const viewsByName = Map.groupBy(views, ({ schema, name }) => `${schema}.${name}`);
  const names = views.map(({ schema, name }) => `${quoteMysqlPath(schema, name)}`);
  return new Promise((resolve, reject) => {
    const seen = new Set<unknown>();
    let isLocked = false;
    const readCheckRow = ([name, , type, text]: readonly unknown[]) => {
      isLocked ||= /^lock wait timeout/i.test(String(text));
      if (isLocked) return resolve(seen.size);
      seen.add(name);
      if (/^error$/i.test(String(type)))
        for (const view of viewsByName.get(String(name)) ?? []) view.isBroken = true;
    };
    client.ask(`check table ${names.join(', ')}`, readCheckRow).then(
      () => resolve(views.length),
      // A MySQL-compatible server without CHECK TABLE reports nothing about its views.
      (error: unknown) => (isMysqlServerError(error) ? resolve(views.length) : reject(error)),
    );
  });
};

/** Whether the error came from the server, which gives it a number. */
const isMysqlServerError = (error: unknown): boolean =>
  error instanceof Error && 'errno' in error && Number(error.errno) > 0;
