import { quoteWith } from '../postgresql/quote.ts';
import { reservedWords } from './reserved-words.ts';

/** Quotes a name only if Redshift requires it. */
export const quote = quoteWith(reservedWords);
