/** A document of an answer, not yet checked. */
export type MongodbDocument = Readonly<Record<string, unknown>>;
