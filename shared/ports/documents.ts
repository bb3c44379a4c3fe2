/** Documents that the build generates from the route table. */
export interface Documents {
  /** Reads the OpenAPI document as JSON text. */
  openapi(): Promise<string>;
  /** Reads the HTML page that renders the document; it loads nothing else. */
  page(): Promise<string>;
}
