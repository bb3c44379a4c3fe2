import type { CatalogScope } from '../catalog.ts';

interface ScopeRules {
  /** At least one schema that is never read. */
  readonly systemSchemas: readonly string[];
  readonly quoteText: (text: string) => string;
}

/** Renders the condition that selects the schemas of a scope: `database not in ('system') and database in ('sales')`. */
export const renderSchemaScope = (
  column: string,
  { schemas, excludedSchemas }: CatalogScope,
  { systemSchemas, quoteText }: ScopeRules,
): string => {
  const list = (names: readonly string[]) => names.map(quoteText).join(', ');
  const excluded = `${column} not in (${list([...systemSchemas, ...excludedSchemas])})`;
  if (!schemas) return excluded;
  return `${excluded} and ${schemas.length > 0 ? `${column} in (${list(schemas)})` : '1 = 0'}`;
};
