import type { Draft } from '../sql/draft.ts';
import type { Link } from './link.ts';
import { quoted } from './quote.ts';

/**
 * Marks the views that cannot be read, which information_schema does not tell where the definer is gone or may no longer read what is
 * below. CHECK TABLE opens every view of a list and runs none. Returns how many could not be checked, for something below them is locked.
 * https://dev.mysql.com/doc/refman/9.7/en/check-table.html
 */
export const checkViews = async (link: Link, found: readonly Draft[]): Promise<number> => {
  const views = found.filter(
    ({ kind, access, isBroken }) => kind === 'view' && access === 'all' && !isBroken,
  );
  for (let from = 0; from < views.length; from += atOnce) {
    const some = views.slice(from, from + atOnce);
    const checked = await checkSome(link, some);
    if (checked < some.length) return views.length - from - checked;
  }
  return 0;
};

/** Names of a statement: each takes at most some 400 bytes of it. */
const atOnce = 500;

/** How many were checked. Ends at the first lock, and does not wait for the rest: each would wait for it anew. */
const checkSome = (link: Link, views: readonly Draft[]): Promise<number> => {
  const places = Map.groupBy(views, ({ schema, name }) => `${schema}.${name}`);
  const names = views.map(({ schema, name }) => `${quoted(schema)}.${quoted(name)}`);
  return new Promise((resolve, reject) => {
    const seen = new Set<unknown>();
    let isLocked = false;
    const take = ([place, , type, text]: readonly unknown[]) => {
      isLocked ||= /^lock wait timeout/i.test(String(text));
      if (isLocked) return resolve(seen.size);
      seen.add(place);
      if (/^error$/i.test(String(type)))
        for (const view of places.get(String(place)) ?? []) view.isBroken = true;
    };
    link.ask(`check table ${names.join(', ')}`, take).then(
      () => resolve(views.length),
      // A server of the kind that lacks the statement says no more of its views.
      (error: unknown) => (isRefusal(error) ? resolve(views.length) : reject(error)),
    );
  });
};

/** Whether the server answered, with an error number of its own. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'errno' in error && Number(error.errno) > 0;
