/** One measurement. Every `*.bench.ts` in this folder exports one as `bench`. */
export interface Bench {
  readonly name: string;
  /** The rows are printed as one table. All rows have the same columns. */
  readonly run: (options: Options) => Promise<readonly Row[]>;
}

export type Row = Readonly<Record<string, string | number>>;

export interface Options {
  /** Includes the sizes that take minutes. */
  readonly large: boolean;
  /** Includes other tools. They are installed into this folder if they are missing. */
  readonly peers: boolean;
}
