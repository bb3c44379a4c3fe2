import bson from 'mongodb/lib/bson.js';
import type { Document } from './link.ts';

/**
 * Which documents are in an index, as one would write the filter of a find: those of its own filter, or of a sparse index those that have
 * one of its fields. `null`: all. https://www.mongodb.com/docs/manual/core/index-sparse/
 */
export const spellPredicate = ({ partialFilterExpression, sparse }: Document, fields: readonly string[]) => {
  if (typeof partialFilterExpression === 'object' && partialFilterExpression !== null)
    return bson.EJSON.stringify(partialFilterExpression);
  if (sparse !== true || fields.length === 0) return null;
  const there = fields.map((field) => ({ [field]: { $exists: true } }));
  return JSON.stringify(there.length === 1 ? there[0] : { $or: there });
};
