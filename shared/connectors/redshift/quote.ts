import { createPostgresqlQuoter } from '../postgresql/quote.ts';
import { redshiftReservedWords } from './reserved-words.ts';

/** Quotes a name only if Redshift requires it. */
export const quoteRedshiftName = createPostgresqlQuoter(redshiftReservedWords);
