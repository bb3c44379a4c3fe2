/** A setting of a session or request that affects what is read. */
export interface SessionSetting<Value = string> {
  readonly name: string;
  readonly value: Value;
  readonly why: string;
}
