import { quoteWith } from '../postgresql/quote.ts';
import { reservedWords } from './reserved-words.ts';

/** Quotes a name only where Redshift needs it. */
export const quote = quoteWith(reservedWords);
