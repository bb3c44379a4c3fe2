import type { Column, Sampled } from '../catalog.ts';

export interface ObjectColumns {
  readonly columns: readonly Column[];
  /** Rows of this object; an estimate if it was not read to its end. */
  readonly rows: number | null;
  /** How much was sampled, if not the whole object. */
  readonly sampled?: Pick<Sampled, 'documents' | 'rows'>;
  /** Whether columns beyond the limit were left out. */
  readonly cut?: boolean;
  /** Number of columns whose logical type is unknown. They have their physical type instead. */
  readonly unknownTypes?: number;
}

/** Why the columns of an object could not be read. */
export type UnreadReason = 'unreadable' | 'encrypted' | 'tooLarge' | 'unsupported';

/** The beginning of a text file, and its share of the file (0–1), if known. */
export interface TextSample {
  readonly text: string;
  readonly whole: boolean;
  readonly share: number | null;
}
