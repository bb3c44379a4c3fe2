/** Changes after which nothing is different for anybody, each with the reason. `change` is as the table prints it. */
export const equivalents: readonly {
  readonly file: string;
  readonly change: string;
  readonly reason: string;
}[] = [];
