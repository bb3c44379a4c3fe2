/** One thing that is measured; every `*.bench.ts` in this folder exports one as `bench`. */
export interface Bench {
  readonly name: string;
  /** Its rows are printed as one table; all have the same columns. */
  readonly run: (options: Options) => Promise<readonly Row[]>;
}

export type Row = Readonly<Record<string, string | number>>;

export interface Options {
  /** The sizes that take minutes too. */
  readonly large: boolean;
  /** Others' tools too; they are installed into this folder when they are missing. */
  readonly peers: boolean;
}
