import { readFile } from 'node:fs/promises';
import type { Documents } from '../ports/documents.ts';

/** The documents that the build placed beside the function's code. */
export const createFileDocuments = (folder: string | URL = new URL('.', import.meta.url)): Documents => {
  const read = (name: string) => readFile(new URL(name, folder), 'utf8');
  return { openapi: () => read('openapi.json'), page: () => read('docs.html') };
};
