import bson from 'mongodb/lib/bson.js';
import type { MongodbDocument } from './document.ts';

/**
 * Renders the filter of `find` for the documents in an index: its partial filter, or for a sparse index, that one of its fields exists.
 * `null` when all documents are in it. https://www.mongodb.com/docs/manual/core/index-sparse/
 */
export const renderIndexPredicate = (
  { partialFilterExpression, sparse }: MongodbDocument,
  fields: readonly string[],
) => {
  if (typeof partialFilterExpression === 'object' && partialFilterExpression !== null)
    return bson.EJSON.stringify(partialFilterExpression);
  if (sparse !== true || fields.length === 0) return null;
  const conditions = fields.map((field) => ({ [field]: { $exists: true } }));
  return JSON.stringify(conditions.length === 1 ? conditions[0] : { $or: conditions });
};
