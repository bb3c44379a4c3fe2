/** What was made at build time out of the route table. */
export interface Documents {
  /** The OpenAPI document, as JSON text. */
  openapi(): Promise<string>;
  /** The page that renders it, complete in itself. */
  page(): Promise<string>;
}
