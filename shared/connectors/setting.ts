/** Something of a session, or of a request, that what is read depends on. */
export interface Setting<Value = string> {
  readonly name: string;
  readonly value: Value;
  readonly why: string;
}
