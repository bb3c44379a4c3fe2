import bson from 'mongodb/lib/bson.js';
import type { Document } from './link.ts';

/**
 * Renders the filter of `find` for the documents in an index: its partial filter, or for a sparse index, that one of its fields exists.
 * `null` when all documents are in it. https://www.mongodb.com/docs/manual/core/index-sparse/
 */
export const spellPredicate = ({ partialFilterExpression, sparse }: Document, fields: readonly string[]) => {
  if (typeof partialFilterExpression === 'object' && partialFilterExpression !== null)
    return bson.EJSON.stringify(partialFilterExpression);
  if (sparse !== true || fields.length === 0) return null;
  const there = fields.map((field) => ({ [field]: { $exists: true } }));
  return JSON.stringify(there.length === 1 ? there[0] : { $or: there });
};
