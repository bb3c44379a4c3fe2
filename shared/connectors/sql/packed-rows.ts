/** Stores rows of texts as UTF-8 bytes. */
export interface PackedRows {
  /** Stores a row and returns its position. No text may contain NUL. */
  pack(fields: readonly string[]): number;
  unpack(at: number): string[];
}

/**
 * Outside the V8 heap a row takes little more than its bytes, and the garbage collector never copies or visits it. As strings and arrays,
 * the rows of a large catalog would take several times as much memory.
 */
export const createPackedRows = (): PackedRows => {
  /** A row starts in the first `ROW_CHUNK_BYTES` of its chunk. A longer chunk takes several entries of the array. */
  const chunks: (Buffer | undefined)[] = [];
  let chunk = Buffer.alloc(0);
  let start = 0;
  let used = 0;

  const addChunk = (least: number) => {
    start = chunks.length * ROW_CHUNK_BYTES;
    chunk = Buffer.allocUnsafeSlow(Math.max(least, ROW_CHUNK_BYTES));
    used = 0;
    chunks.push(chunk);
    chunks.length = Math.ceil((start + chunk.length) / ROW_CHUNK_BYTES);
  };

  return {
    pack: (fields) => {
      const text = fields.join(fieldSeparator);
      const maxBytes = LENGTH_PREFIX_BYTES + 3 * text.length; // a UTF-16 unit takes at most 3 bytes in UTF-8
      if (used >= ROW_CHUNK_BYTES || used + maxBytes > chunk.length) addChunk(maxBytes);
      const at = start + used;
      const length = chunk.write(text, used + LENGTH_PREFIX_BYTES);
      chunk.writeUInt32LE(length, used);
      used += LENGTH_PREFIX_BYTES + length;
      return at;
    },
    unpack: (at) => {
      const found = chunks[Math.floor(at / ROW_CHUNK_BYTES)];
      if (!found) throw new RangeError('Expected the position of a packed row');
      const from = (at % ROW_CHUNK_BYTES) + LENGTH_PREFIX_BYTES;
      return found
        .toString('utf8', from, from + found.readUInt32LE(from - LENGTH_PREFIX_BYTES))
        .split(fieldSeparator);
    },
  };
};

const fieldSeparator = '\0';
const LENGTH_PREFIX_BYTES = 4;
const ROW_CHUNK_BYTES = 1 << 20;
