import { createQuoter } from '../sql/create-quoter.ts';
import { postgresqlReservedWords } from './reserved-words.ts';

/** Names are quoted by the rule of the function quote_ident() of PostgreSQL. */
export const { quoteName: quotePostgresqlName } = createQuoter({
  mark: '"',
  bare: /^[a-z_][a-z0-9_]*$/,
  reserved: postgresqlReservedWords,
});
