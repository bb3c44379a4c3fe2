import type { Missing } from '../catalog.ts';
import { foldCase } from '../name-rules.ts';
import { joinFirstLines } from '../reading/join-first-lines.ts';
import { reportMissing } from '../reading/report-missing.ts';
import type { TableDraft } from './table-draft.ts';

/** Reports requested schemas that do not exist. `known` contains the existing schemas, or at least those that differ only in case. */
export const reportSchemasNotFound = (
  absent: readonly string[],
  known: Iterable<string>,
  quote: (name: string) => string,
): Missing[] => {
  if (absent.length === 0) return [];
  const wanted = new Set(absent.map(foldCase));
  const alike = [...known].filter((name) => wanted.has(foldCase(name))).slice(0, 10);
  const remediation = 'Correct config.schemas: it contains schemas that do not exist.';
  const hint = ` Names are case-sensitive. Did you mean ${alike.map((name) => quote(name)).join(', ')}?`;
  return reportMissing(
    'schemas-not-found',
    alike.length > 0 ? remediation + hint : remediation,
    absent.length,
  );
};

type SeenTable = Pick<TableDraft, 'schema' | 'name' | 'access'>;

/** Reports the views that no account can read. */
export const reportBrokenViews = <S extends Pick<TableDraft, 'schema' | 'name' | 'isBroken'>>(
  seen: readonly S[],
  remediation: (views: readonly S[]) => string,
): Missing[] => {
  const views = seen.filter(({ isBroken }) => isBroken);
  return views.length > 0 ? reportMissing('views-broken', remediation(views), views.length) : [];
};

/** Reports the tables that the account cannot read at all, or only in part. `grant` renders the statement that allows it. */
export const reportDeniedTables = <S extends SeenTable>(
  seen: readonly S[],
  grant: (table: S) => string,
): Missing[] => {
  const tables = seen.filter(({ access }) => access === 'none');
  const partly = seen.filter(({ access }) => access === 'some');
  return [
    ...reportMissing('tables-denied', joinFirstLines(tables.map(grant)), tables.length),
    ...reportMissing('columns-denied', joinFirstLines(partly.map(grant)), partly.length),
  ];
};
